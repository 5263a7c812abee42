"""Models behind their providers' APIs: each module reads requests of one dialect as strictly as its provider does,
and writes answers in the provider's form."""
