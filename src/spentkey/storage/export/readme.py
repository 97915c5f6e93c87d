"""README.txt of an export: what is in it, and how one removal is verified by `openssl` and `sh` alone."""

CUT = "# ---- 8< ----"
"""Between two such lines stands the recipe, which a test runs as it is."""

TEXT = """\
What this is
============

{title} of the log {origin} of Spentkey, a program that removes expired credentials
from Entra ID app registrations. It keeps a record of each step in a log that can
only grow, and signs checkpoints of it.

  records.jsonl       the records, one a line, as they were written
  checkpoint          size and root of the log at the end of the period{signed}
  checkpoint-from     the same at its beginning (none where the log begins with it)
  consistency-proof   that the log between both only grew
  proofs/             for single records, that they are in that log
  keys.txt, keys/     the keys that sign, and that each handed over to the next
  anchors/            time stamps (RFC 3161) over checkpoints
  population.json     what had lapsed at both ends of the period, and how each went
                      (once there were scans; verify.py does not check its sums)
  manifest.json       what was asked for, counts, and the SHA-256 of each file
  report.html         the same for people, to be read and printed
  verify.py           verifies all of this with Python alone

Verify all of it
================

    python3 -I verify.py --key KEY

Take KEY from somebody other than whoever gave you this file: without it nothing
shows who made the signature. Take verify.py from a Spentkey that you trust, too:
a copy in a file that somebody changed may have been changed with it. It ends with
0 if everything holds, with 3 if something does not, with 4 if it cannot be read.

Verify one removal with openssl and sh
======================================

Unpack the file, go to its folder, and run what stands between the two lines. SEQ is
the number of the record, KEY the key; `sed -n '/"seq":'$SEQ',/p' records.jsonl` shows it.

{cut}
set -eu
SEQ=${{SEQ:-{seq}}}
KEY=${{KEY:-'{key}'}}
proof=proofs/$SEQ.tlog-proof
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
hash() {{ openssl dgst -sha256 -binary | openssl base64 -A; }}
raw() {{ printf '%s' "$1" | openssl base64 -d -A; }}
# The checkpoint in the proof, the text that is signed, the size and the root in it.
sed '1,/^$/d' "$proof" > "$work/note"
sed '/^$/,$d' "$work/note" > "$work/body"
size=$(sed -n 2p "$work/body")
want=$(sed -n 3p "$work/body")
# The leaf: SHA-256 over a zero byte and the record without its line feed.
grep '"seq":'$SEQ',' records.jsonl | tr -d '\\n' > "$work/record"
root=$({{ printf '\\000'; cat "$work/record"; }} | hash)
# Up to the root, as in RFC 9162, section 2.1.3.2.
at=$(sed -n 's/^index //p' "$proof") last=$((size - 1))
[ "$at" = "$SEQ" ] || {{ echo "the proof is of record $at"; exit 3; }}
for beside in $(sed '/^$/,$d' "$proof" | sed 1,2d); do
  [ $last -gt 0 ] || {{ echo "the proof is too long"; exit 3; }}
  if [ $((at & 1)) -eq 1 ] || [ $at -eq $last ]; then
    root=$({{ printf '\\001'; raw "$beside"; raw "$root"; }} | hash)
    while [ $((at & 1)) -eq 0 ] && [ $at -ne 0 ]; do at=$((at >> 1)) last=$((last >> 1)); done
  else
    root=$({{ printf '\\001'; raw "$root"; raw "$beside"; }} | hash)
  fi
  at=$((at >> 1)) last=$((last >> 1))
done
[ $last -eq 0 ] && [ "$root" = "$want" ] || {{ echo "NOT in the log: $root, not $want"; exit 3; }}
echo "record $SEQ is in the log of $size records with the root $root"
# The signature: the public key is the last 32 bytes of KEY, the signature follows 4 bytes of the key's id.
name=${{KEY%%+*}}
{{ printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; raw "${{KEY##*+}}" | tail -c 32; }} > "$work/key"
id=$(printf '%s' "${{KEY#*+}}" | cut -d + -f 1)
found=no
for signature in $(sed '1,/^$/d' "$work/note" | grep -F " $name " | sed 's/.* //'); do
  raw "$signature" > "$work/signature"
  [ "$(head -c 4 "$work/signature" | od -An -tx1 | tr -d ' \\n')" = "$id" ] || continue
  tail -c +5 "$work/signature" > "$work/value"
  openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key" -rawin -in "$work/body" -sigfile "$work/value" || exit 3
  found=yes
done
[ $found = yes ] || {{ echo "NOT signed by that key"; exit 3; }}
{cut}

A time stamp in anchors/, where CA.pem holds the authorities that you believe:

    openssl ts -verify -data anchors/SIZE.checkpoint -in anchors/SIZE.rfc3161 -CAfile CA.pem

What it proves, and what not
============================

{statement}
"""


def readme(*, title: str, origin: str, key: str | None, seq: int | None, statement: str) -> str:
    """The text; `seq` is a record that has a proof, `key` the key that signed, each None where there is none."""
    return TEXT.format(
        title=title,
        origin=origin,
        key=key or "",
        seq="" if seq is None else seq,
        cut=CUT,
        signed="" if key else ", not signed",
        statement=statement,
    )
