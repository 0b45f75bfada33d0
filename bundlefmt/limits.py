"""Every limit of the format with its unit (spec/limits.csv; specification section 12).

The defaults are the format's. A device with less memory may lower some of them; nothing may raise
them, because a reader must not accept what another refuses.
"""

from __future__ import annotations

from typing import NamedTuple

KIB = 1024
MIB = 1024 * KIB


class Limits(NamedTuple):
    """One set of limits. Lengths are bytes unless the name says otherwise."""

    header_len: int = 1024
    signatures_len: int = 131_648
    trust_len: int = 2 * MIB
    recipients_len: int = 2 * MIB
    signature_rows: int = 16
    signature_len: int = 8192
    role_keys: int = 16
    public_key_len: int = 4096
    trust_document_len: int = 128 * KIB
    trust_frames: int = 1024
    trust_steps: int = 256
    recipients: int = 1024
    unknown_recipients: int = 4
    recipient_len: int = 2048
    cbor_depth: int = 8
    cbor_items: int = 4 * MIB
    manifest_len: int = 64 * MIB
    body_len: int = 1 << 40
    record_item_len: int = MIB
    table_item_len: int = 64 * MIB
    manifest_window: int = 64 * MIB
    record_window: int = 8 * MIB
    files: int = 262_144
    file_size: int = 1 << 40
    path_len: int = 1024
    component_len: int = 255
    records: int = 524_288
    pieces: int = 524_288
    ranges: int = 524_288
    record_plain_len: int = 8 * MIB
    record_coded_len: int = 8 * MIB
    prefix_len: int = 16 * MIB
    prefix_min_len: int = 8
    prefix_ranges: int = 8192
    chunk: int = 16 * KIB
    leaf_min: int = 16 * KIB
    leaf_max: int = MIB
    leaf_count: int = 1024
    pointer_lifetime: int = 2_678_400  # seconds
    offers: int = 16
    offer_bundles: int = 64
    name_len: int = 128
    text_len: int = 64 * KIB
    metadata_pairs: int = 256
    identities: int = 16
    platforms: int = 32


LIMITS = Limits()
UINT_MAX = (1 << 53) - 1  # CBR-4
