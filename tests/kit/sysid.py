"""A system identifier of its own for each copy of a cluster.

`initdb` takes a second, copying its result some hundredths. But copies have one system identifier,
and replication must be able to tell sites apart by it. It stands at two places: in front of
pg_control, whose checksum follows at an offset that depends on the version, and in the first page
of each WAL segment.
"""

import re
import secrets
import struct
from pathlib import Path

_WAL_SYSID_OFFSET = 24  # XLogLongPageHeaderData.xlp_sysid, after the short header and padding


def give_new_system_identifier(data: Path) -> int:
    """Change the system identifier of a cleanly shut down cluster in directory `data`."""
    control = data / "global" / "pg_control"
    content = bytearray(control.read_bytes())
    crc_at = _find_crc(content)
    sysid = secrets.randbits(62) | 1 << 62
    content[0:8] = struct.pack("=Q", sysid)
    content[crc_at : crc_at + 4] = struct.pack("=I", crc32c(bytes(content[:crc_at])))
    _overwrite(control, 0, bytes(content[: crc_at + 4]))
    for segment in (data / "pg_wal").iterdir():
        if re.fullmatch("[0-9A-F]{24}", segment.name):
            _overwrite(segment, _WAL_SYSID_OFFSET, struct.pack("=Q", sysid))
    return sysid


def _overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def _find_crc(content: bytes | bytearray) -> int:
    """Offset of the checksum: where the four bytes are the checksum of all before them."""
    crc = 0xFFFFFFFF
    for at, byte in enumerate(content[:512]):
        if at % 4 == 0 and at > 64 and struct.unpack_from("=I", content, at)[0] == crc ^ 0xFFFFFFFF:
            return at
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    raise ValueError("no checksum found in pg_control")


def _make_table() -> list[int]:
    table = []
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
        table.append(crc)
    return table


_TABLE = _make_table()


def crc32c(content: bytes) -> int:
    """Checksum with the Castagnoli polynomial, reflected, as PostgreSQL computes it."""
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF
