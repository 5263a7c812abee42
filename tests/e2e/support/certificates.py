"""Certificates made when the tests run: an authority, and leaf certificates with one fault each."""

import datetime
import ipaddress
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


class Authority:
    """A root certificate; `pem` is its path."""

    def __init__(self, folder, name):
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self._certificate = (
            _builder(self._name, self._name, self._key, -1, 30)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.pem = folder / f"{name}.pem"
        self.pem.write_bytes(_pem(self._certificate))

    def leaf(self, name, hosts=("localhost", "127.0.0.1"), first_day=-1, last_day=30):
        """The paths (certificate, key) of a leaf for `hosts`, valid from `first_day` to `last_day`, in days from
        today."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _with_hosts(_builder(_name(name), self._name, key, first_day, last_day), hosts).sign(self._key, hashes.SHA256())
        return _written(self._folder, name, certificate, key)


def self_signed(folder, name, hosts=("localhost", "127.0.0.1")):
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _with_hosts(_builder(_name(name), _name(name), key, -1, 30), hosts).sign(key, hashes.SHA256())
    return _written(folder, name, certificate, key)


def serving_context(leaf):
    """An ssl.SSLContext that presents `leaf`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, leaf))
    context.set_alpn_protocols(["http/1.1"])
    return context


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject, issuer, key, first_day, last_day):
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + first_day * _DAY)
        .not_valid_after(now + last_day * _DAY)
    )


def _usage(signs_certificates):
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )


def _with_hosts(builder, hosts):
    names = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return builder.add_extension(x509.SubjectAlternativeName(names), critical=False)


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _written(folder, name, certificate, key):
    certificate_path, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    certificate_path.write_bytes(_pem(certificate))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_path, key_path
