"""What half of a hybrid key allows: nothing. Each attack is refused and leaves the device as it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.forge import split
from support.publisher import NOW, Publisher, hybrid_signer, role, sign_document, signer

from bundlefmt.bundle.front import audit_bundle
from bundlefmt.bundle.policy import TrustPolicy
from bundlefmt.crypto import ed25519, hybridsig
from bundlefmt.crypto.digests import digest, signer_kid
from bundlefmt.errors import BundleError
from bundlefmt.keys.hybrid import HybridSigner
from bundlefmt.keys.signers import FileSigner, sign_row
from bundlefmt.model.trustdoc import Key, Role
from bundlefmt.trust import issue
from bundlefmt.trust.chain import walk
from bundlefmt.wire.cose import LABEL_RELEASE, LABEL_TRUST, signed_bytes
from bundlefmt.wire.sections import (
    ALG_ED25519,
    ALG_HYBRID,
    SignatureRow,
    TrustFrame,
    build_signatures,
    build_trust,
    parse_signatures,
)

TREE = {"a.txt": b"hello\n"}
HALF = ed25519.SIGNATURE_LEN
Forge = Callable[[HybridSigner, bytes], SignatureRow]


def seeds(one: HybridSigner) -> tuple[bytes, bytes]:
    """What a thief of both halves has."""
    return one._seeds


class HybridPublisher(Publisher):
    """A publisher whose keys are all hybrid."""

    def __init__(self, name: str = "hybrid") -> None:
        super().__init__(name)
        self.root = hybrid_signer(name + " root")  # type: ignore[assignment]
        self.signer = hybrid_signer(name + " release")  # type: ignore[assignment]
        self.pointer_signer = hybrid_signer(name + " pointer")  # type: ignore[assignment]
        document = issue.first_document(role(self.root), role(self.signer), role(self.pointer_signer), issued=NOW)
        self.chain = issue.start_chain(document, sign_document(document, self.root).rows)


@pytest.fixture
def publisher() -> HybridPublisher:
    return HybridPublisher()


def resigned(bundle: bytes, *rows: SignatureRow) -> bytes:
    """A bundle with other signatures over its header."""
    return split(bundle)._replace(signatures=build_signatures(rows)).join()


def require_refused(data: bytes, policy: TrustPolicy, code: str) -> None:
    """Both an audit and a reading refuse, and the chain is what it was."""
    links = policy.chain.links
    with pytest.raises(BundleError) as caught:
        audit_bundle(data, trust=policy)
    assert caught.value.code == code
    assert policy.chain.links is links


def test_a_hybrid_release_opens(publisher: HybridPublisher) -> None:
    data = publisher.pack(TREE)
    (row,) = parse_signatures(split(data).signatures)
    assert (row.alg, len(row.signature)) == (ALG_HYBRID, 3373)
    assert publisher.open(data).read("a.txt") == TREE["a.txt"]


def _only_first(one: HybridSigner, header: bytes) -> SignatureRow:
    message = signed_bytes(signer_kid(one.public_key), LABEL_RELEASE, header, ALG_HYBRID)
    return SignatureRow(
        ALG_HYBRID,
        signer_kid(one.public_key),
        ed25519.sign(seeds(one)[0], message) + bytes(hybridsig.MLDSA_SIGNATURE_LEN),
    )


def _only_second(one: HybridSigner, header: bytes) -> SignatureRow:
    row = sign_row(one, LABEL_RELEASE, header)
    return row._replace(signature=bytes(HALF) + row.signature[HALF:])


def _first_with_own_second(one: HybridSigner, header: bytes) -> SignatureRow:
    thief = HybridSigner(seeds(one)[0], bytes(32))
    message = signed_bytes(signer_kid(one.public_key), LABEL_RELEASE, header, ALG_HYBRID)
    return SignatureRow(ALG_HYBRID, signer_kid(one.public_key), thief.sign(message))


def _second_with_own_first(one: HybridSigner, header: bytes) -> SignatureRow:
    thief = HybridSigner(bytes(32), seeds(one)[1])
    message = signed_bytes(signer_kid(one.public_key), LABEL_RELEASE, header, ALG_HYBRID)
    return SignatureRow(ALG_HYBRID, signer_kid(one.public_key), thief.sign(message))


@pytest.mark.parametrize("forge", [_only_first, _only_second, _first_with_own_second, _second_with_own_first])
def test_a_thief_of_one_half_signs_nothing(publisher: HybridPublisher, forge: Forge) -> None:
    """Ed25519 broken by a quantum computer, or ML-DSA-65 by a discovery: the other half still holds."""
    data = publisher.pack(TREE)
    row = forge(hybrid_signer("hybrid release"), split(data).header)
    require_refused(resigned(data, row), publisher.policy, "SIGNATURE_INVALID")


def test_a_stripped_row_does_not_count(publisher: HybridPublisher) -> None:
    data = publisher.pack(TREE)
    (row,) = parse_signatures(split(data).signatures)
    public = publisher.signer.public_key
    for kid in (signer_kid(public[:32]), row.kid):
        stripped = SignatureRow(ALG_ED25519, kid, row.signature[:HALF])
        require_refused(resigned(data, stripped), publisher.policy, "SIGNATURE_THRESHOLD")


def test_the_first_half_alone_is_no_signer(publisher: HybridPublisher) -> None:
    """Who has the Ed25519 secret signs as that key, which no document names."""
    data = publisher.pack(TREE)
    thief = FileSigner(seeds(hybrid_signer("hybrid release"))[0])
    row = sign_row(thief, LABEL_RELEASE, split(data).header)
    require_refused(resigned(data, row), publisher.policy, "SIGNATURE_THRESHOLD")


def test_a_half_is_no_signature_of_another_publishers_key(publisher: HybridPublisher) -> None:
    """A publisher that uses the half as a key of its own does not thereby accept hybrid signatures."""
    data = publisher.pack(TREE)
    (row,) = parse_signatures(split(data).signatures)
    alone = FileSigner(seeds(hybrid_signer("hybrid release"))[0])
    document = publisher.chain.newest._replace(release=role(alone)).encode()
    blank = document[:21] + bytes(32) + document[53:]
    document = document[:21] + digest(blank) + document[53:]
    other = issue.start_chain(document, sign_document(document, publisher.root).rows)
    parts = split(data)._replace(trust=build_trust(other.frames()))
    stripped = SignatureRow(ALG_ED25519, signer_kid(alone.public_key), row.signature[:HALF])
    bundle = parts._replace(signatures=build_signatures([stripped])).join()
    require_refused(bundle, TrustPolicy(other, now=NOW), "SIGNATURE_INVALID")


def test_halves_of_two_keys_make_no_third(publisher: HybridPublisher) -> None:
    one, two = hybrid_signer("one"), hybrid_signer("two")
    publisher.rotate(release=role(one, two))
    data = publisher.pack(TREE, signers=[one])
    header = split(data).header
    rows = [sign_row(each, LABEL_RELEASE, header) for each in (one, two)]
    for row, other in (rows, rows[::-1]):
        mixed = row._replace(signature=row.signature[:HALF] + other.signature[HALF:])
        require_refused(resigned(data, mixed), publisher.policy, "SIGNATURE_INVALID")


def test_a_hybrid_key_counts_once(publisher: HybridPublisher) -> None:
    one, two = hybrid_signer("one"), signer("two")
    publisher.rotate(release=role(one, two, threshold=2))
    data = publisher.pack(TREE, signers=[one, two])
    good = {row.alg: row for row in parse_signatures(split(data).signatures)}
    assert set(good) == {ALG_ED25519, ALG_HYBRID}
    half = SignatureRow(ALG_ED25519, signer_kid(one.public_key[:32]), good[ALG_HYBRID].signature[:HALF])
    alone = sign_row(FileSigner(seeds(one)[0]), LABEL_RELEASE, split(data).header)
    for rows in ([good[ALG_HYBRID]], [good[ALG_ED25519]], [good[ALG_HYBRID], half], [good[ALG_HYBRID], alone]):
        require_refused(resigned(data, *rows), publisher.policy, "SIGNATURE_THRESHOLD")


def test_the_retired_ed25519_key_signs_nothing_after_the_move() -> None:
    """From Ed25519 to hybrid across epochs; a device pinned to the first follows, and the old key is out."""
    publisher = Publisher("moving")
    first, old = publisher.policy, publisher.signer
    new_root, new = hybrid_signer("moving root"), hybrid_signer("moving release")
    document = publisher.successor(root=role(new_root), release=role(old, new)).encode()
    walked = walk(publisher.chain, (sign_document(document, publisher.root, new_root),))
    assert walked.error is None
    publisher.chain = walked.chain
    publisher.rotate(new_root, release=role(new))
    data = publisher.pack(TREE, signers=[new])
    reader = publisher.open(data, trust=first)
    assert reader.chain.newest.epoch == 3
    forged = resigned(data, sign_row(old, LABEL_RELEASE, split(data).header))
    for policy in (first, publisher.policy):
        require_refused(forged, policy, "SIGNATURE_THRESHOLD")


@pytest.mark.parametrize("broken", ["first", "second"])
def test_a_hybrid_root_is_not_replaced_by_a_thief_of_half(publisher: HybridPublisher, broken: str) -> None:
    thief = hybrid_signer("thief")
    document = publisher.successor(root=role(thief), release=role(thief)).encode()
    root = seeds(hybrid_signer("hybrid root"))
    halves = HybridSigner(root[0], bytes(32)) if broken == "first" else HybridSigner(bytes(32), root[1])
    kid = signer_kid(publisher.root.public_key)
    message = signed_bytes(kid, LABEL_TRUST, digest(document), ALG_HYBRID)
    rows = (SignatureRow(ALG_HYBRID, kid, halves.sign(message)), sign_row(thief, LABEL_TRUST, digest(document)))
    walked = walk(publisher.chain, (TrustFrame(document, rows),))
    assert walked.error is not None
    assert walked.error.code == "TRUST_SIGNATURE"
    assert walked.chain is publisher.chain
    assert walked.learned == 0


@pytest.mark.parametrize("shared", ["first-alone", "first", "second"])
def test_one_secret_is_not_two_keys(publisher: HybridPublisher, shared: str) -> None:
    """TRU-23: a document that lists a half twice is refused, and writers make none."""
    one = hybrid_signer("one")
    other = {
        "first-alone": FileSigner(seeds(one)[0]),
        "first": HybridSigner(seeds(one)[0], bytes(32)),
        "second": HybridSigner(bytes(32), seeds(one)[1]),
    }[shared]
    both = role(one, other, threshold=2)
    for changes in ({"release": both}, {"release": role(one), "pointer": role(other)}):
        walked = walk(publisher.chain, (sign_document(publisher.successor(**changes).encode(), publisher.root),))
        assert walked.error is not None
        assert walked.error.code == "TRUST_DOCUMENT"
        assert walked.chain is publisher.chain
    document = issue.first_document(role(publisher.root), both, both, issued=NOW)
    with pytest.raises(BundleError, match="TRUST_DOCUMENT"):
        issue.start_chain(document, sign_document(document, publisher.root).rows)


def test_keys_of_unknown_algorithms_are_compared_with_nothing(publisher: HybridPublisher) -> None:
    public = hybrid_signer("one").public_key
    keys = (Key(ALG_HYBRID, public), Key(3, public), Key(4, public[:32]), Key(5, public[32:]))
    publisher.rotate(release=Role(1, keys))
    assert publisher.chain.newest.release.supported() == keys[:1]


def test_a_signer_that_returns_half_is_noticed() -> None:
    """A token that knows the first half alone: found when it signs, not by the devices."""
    one = hybrid_signer("one")

    class Half:
        public_key = one.public_key

        def sign(self, message: bytes) -> bytes:
            return ed25519.sign(seeds(one)[0], message)

    with pytest.raises(BundleError, match="INPUT_KEYS"):
        sign_row(Half(), LABEL_RELEASE, b"header")
