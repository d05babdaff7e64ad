"""Access tokens that are good but for one thing, by PyJWT and cryptography."""

import base64
import datetime
import hmac
import json
import secrets
import time
import uuid

import bson
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature


def session(user):
    """The claims of a user's access token that name him and his session."""
    claims = jwt.decode(user.token, options={"verify_signature": False})
    return {"sub": uuid.UUID(claims["sub"]), "sid": uuid.UUID(claims["sid"])}


def b64(data):
    if not isinstance(data, bytes):
        data = data.encode() if isinstance(data, str) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number64(n):
    return b64(n.to_bytes(32, "big"))


ES256 = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)


class Forge:
    """Signs with a key that is in the JWKS, so that a token can be good but for one thing."""

    def __init__(self, stack, user):
        self.key, self.stranger = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.kid = "forge-" + secrets.token_hex(4)
        self.user = {k: str(v) for k, v in session(user).items()}
        self.user_token, self.refresh = user.token, user.tokens["refresh_token"]
        self.current = jwt.get_unverified_header(user.token)["kid"]
        public = self.key.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid}
        self.jwk |= {"x": number64(public.x), "y": number64(public.y)}
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
        stack.db.signing_keys.insert_one(
            {
                "_id": bson.Int64(0),
                "kid": self.kid,
                "active": past,
                "jwk": json.dumps(self.jwk),
                "sealed": secrets.token_bytes(100),
            }
        )

    def header(self, **change):
        return self.changed({"alg": "ES256", "typ": "at+jwt", "kid": self.kid}, change)

    def claims(self, **change):
        now = int(time.time())
        good = {
            "iss": "pettrack",
            "aud": "pettrack",
            "iat": now,
            "exp": now + 600,
            "scope": "",
            "jti": "1",
            **self.user,
        }
        return self.changed(good, change)

    @staticmethod
    def changed(good, change):
        return {k: v for k, v in {**good, **change}.items() if v is not ...}

    def sign(self, header, claims, key=None):
        """Both as they are: texts, or what becomes JSON."""
        text = f"{b64(header)}.{b64(claims)}"
        return f"{text}.{b64(ES256.sign(text.encode(), key or self.key))}"

    def own_jwk(self, kid):
        """The forger's own key, as if it were in the JWKS."""
        public = self.stranger.public_key().public_numbers()
        return {**self.jwk, "kid": kid, "x": number64(public.x), "y": number64(public.y)}

    def mixed(self):
        """The payload of one token between the others' parts."""
        mine, theirs = (self.sign(self.header(), self.claims(jti=jti)).split(".") for jti in "12")
        return f"{mine[0]}.{theirs[1]}.{mine[2]}"

    def pem(self):
        form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        return self.key.public_key().public_bytes(*form)

    def hs256(self, secret, **header):
        text = f"{b64(self.header(alg='HS256', **header))}.{b64(self.claims())}"
        return f"{text}.{b64(hmac.digest(secret, text.encode(), 'sha256'))}"

    def with_signature(self, change):
        text, _, signature = self.sign(self.header(), self.claims()).rpartition(".")
        return f"{text}.{change(signature)}"


def raw(signature):
    return base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))


def flip(position):
    def change(signature):
        data = bytearray(raw(signature))
        data[position] ^= 1
        return b64(bytes(data))

    return change


def der(signature):
    data = raw(signature)
    return b64(encode_dss_signature(int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")))


def doubled(good, name, value):
    """JSON with a member twice: the first is good, or the last."""
    return json.dumps(good)[:-1] + f', "{name}": {json.dumps(value)}}}'


FORGED = {
    "alg none": lambda f: f"{b64(f.header(alg='none'))}.{b64(f.claims())}.",
    "alg None": lambda f: f"{b64(f.header(alg='None'))}.{b64(f.claims())}.",
    "alg none, signed all the same": lambda f: f.sign(f.header(alg="none"), f.claims()),
    "alg absent": lambda f: f.sign(f.header(alg=...), f.claims()),
    "alg a list": lambda f: f.sign(f.header(alg=["ES256"]), f.claims()),
    "alg in small letters": lambda f: f.sign(f.header(alg="es256"), f.claims()),
    "alg ES384": lambda f: f.sign(f.header(alg="ES384"), f.claims()),
    "HS256 with the public key as PEM": lambda f: f.hs256(f.pem()),
    "HS256 with the JWK": lambda f: f.hs256(json.dumps(f.jwk).encode()),
    "HS256 with x": lambda f: f.hs256(raw(f.jwk["x"])),
    "HS256 with nothing": lambda f: f.hs256(b""),
    "another key under a known kid": lambda f: f.sign(f.header(), f.claims(), f.stranger),
    "kid of another key": lambda f: f.sign(f.header(kid=f.current), f.claims()),
    "kid unknown": lambda f: f.sign(f.header(kid=str(uuid.uuid4())), f.claims()),
    "kid absent": lambda f: f.sign(f.header(kid=...), f.claims()),
    "kid empty": lambda f: f.sign(f.header(kid=""), f.claims()),
    "kid a number": lambda f: f.sign(f.header(kid=0), f.claims()),
    "kid a list": lambda f: f.sign(f.header(kid=[f.kid]), f.claims()),
    "kid a path": lambda f: f.sign(f.header(kid="../../../../dev/null"), f.claims()),
    "kid a query": lambda f: f.sign(f.header(kid="x' OR '1'='1"), f.claims()),
    "kid an operator": lambda f: f.sign(f.header(kid={"$ne": None}), f.claims()),
    "kid with a NUL": lambda f: f.sign(f.header(kid=f.kid + "\0"), f.claims()),
    "a JWK in the header": lambda f: f.sign(f.header(kid="mine", jwk=f.own_jwk("mine")), f.claims(), f.stranger),
    "a JWK in the header, a known kid": lambda f: f.sign(f.header(jwk=f.own_jwk(f.kid)), f.claims(), f.stranger),
    "a URL of keys": lambda f: f.sign(
        f.header(kid="mine", jku="http://127.0.0.1:9/keys", x5u="http://127.0.0.1:9/x"), f.claims(), f.stranger
    ),
    "crit": lambda f: f.sign(f.header(crit=["exp"]), f.claims()),
    "typ JWT": lambda f: f.sign(f.header(typ="JWT"), f.claims()),
    "typ absent": lambda f: f.sign(f.header(typ=...), f.claims()),
    "iss another": lambda f: f.sign(f.header(), f.claims(iss="pettrack2")),
    "iss absent": lambda f: f.sign(f.header(), f.claims(iss=...)),
    "iss a list": lambda f: f.sign(f.header(), f.claims(iss=["pettrack"])),
    "aud another": lambda f: f.sign(f.header(), f.claims(aud="other")),
    "aud absent": lambda f: f.sign(f.header(), f.claims(aud=...)),
    "aud a list": lambda f: f.sign(f.header(), f.claims(aud=["pettrack"])),
    "exp past": lambda f: f.sign(f.header(), f.claims(exp=int(time.time()) - 1)),
    "exp absent": lambda f: f.sign(f.header(), f.claims(exp=...)),
    "exp a text": lambda f: f.sign(f.header(), f.claims(exp=str(int(time.time()) + 600))),
    "exp a fraction": lambda f: f.sign(f.header(), f.claims(exp=time.time() + 600.5)),
    "exp negative": lambda f: f.sign(f.header(), f.claims(exp=-1)),
    "exp too large": lambda f: f.sign(f.header(), json.dumps(f.claims(exp=0)).replace('"exp": 0', '"exp": 1e400')),
    "iat absent": lambda f: f.sign(f.header(), f.claims(iat=...)),
    "nbf to come": lambda f: f.sign(f.header(), f.claims(nbf=int(time.time()) + 300)),
    "nbf a text": lambda f: f.sign(f.header(), f.claims(nbf="0")),
    "sub absent": lambda f: f.sign(f.header(), f.claims(sub=...)),
    "sub no UUID": lambda f: f.sign(f.header(), f.claims(sub="1")),
    "sid absent": lambda f: f.sign(f.header(), f.claims(sid=...)),
    "scope a list": lambda f: f.sign(f.header(), f.claims(scope=["positions.read"])),
    "claims no object": lambda f: f.sign(f.header(), [f.claims()]),
    "claims no JSON": lambda f: f.sign(f.header(), "x"),
    "alg twice": lambda f: f.sign(doubled(f.header(), "alg", "none"), f.claims()),
    "kid twice": lambda f: f.sign(doubled(f.header(), "kid", f.current), f.claims()),
    "sub twice": lambda f: f.sign(f.header(), doubled(f.claims(), "sub", str(uuid.uuid4()))),
    "exp twice": lambda f: f.sign(f.header(), doubled(f.claims(), "exp", int(time.time()) + 60000)),
    "signature absent": lambda f: f.with_signature(lambda s: ""),
    "signature cut": lambda f: f.with_signature(lambda s: s[:-2]),
    "signature longer": lambda f: f.with_signature(lambda s: s + "AA"),
    "signature's first bit": lambda f: f.with_signature(flip(0)),
    "signature's last bit": lambda f: f.with_signature(flip(63)),
    "signature of zeros": lambda f: f.with_signature(lambda s: b64(bytes(64))),
    "signature in DER": lambda f: f.with_signature(der),
    "signature padded": lambda f: f.with_signature(lambda s: s + "=="),
    "signature of another token": lambda f: f.with_signature(lambda s: f.user_token.rpartition(".")[2]),
    "payload of another token": lambda f: f.mixed(),
    "a fourth part": lambda f: f.sign(f.header(), f.claims()) + ".e30",
    "two parts": lambda f: f.sign(f.header(), f.claims()).rpartition(".")[0],
    "a refresh token": lambda f: f.refresh,
}
