"""Models as their providers' APIs show them: each module reads the requests of one dialect as strictly as its provider does, and writes
answers in the shapes that it sends."""
