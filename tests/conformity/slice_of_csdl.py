"""Cuts out of Microsoft's CSDL of Graph v1.0 what Spentkey meets, and writes it as data beside this file.

`python tests/conformity/slice_of_csdl.py FILE.csdl COMMIT DATE`, with `schemas/v1.0-Prod.csdl` of
github.com/microsoftgraph/msgraph-metadata at that commit.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

HERE = Path(__file__).parent / "csdl.json"
SOURCE = "https://github.com/microsoftgraph/msgraph-metadata, schemas/v1.0-Prod.csdl"
ROOTS = ("application", "servicePrincipal", "passwordCredential", "keyCredential", "directoryAudit")
ACTIONS = ("removePassword", "removeKey")
SETS = {
    "applications": "application",
    "servicePrincipals": "servicePrincipal",
    "auditLogs/directoryAudits": "directoryAudit",
}
EDM = "{http://docs.oasis-open.org/odata/ns/edm}"
_GRAPH = re.compile(r"(?:Collection\()?graph\.(\w+)\)?")


def bare(name: str | None) -> str | None:
    """The name of a type of Graph, without its namespace; None for one of OData itself."""
    found = _GRAPH.fullmatch(name or "")
    return found[1] if found else None


def read_type(element: ET.Element) -> dict[str, Any]:
    """A type as data."""
    if element.tag == f"{EDM}EnumType":
        return {"enum": [member.attrib["Name"] for member in element.findall(f"{EDM}Member")]}
    made: dict[str, Any] = {"base": bare(element.get("BaseType")), "open": element.get("OpenType") == "true"}
    made["properties"] = {one.attrib["Name"]: described(one) for one in element.findall(f"{EDM}Property")}
    made["navigation"] = [one.attrib["Name"] for one in element.findall(f"{EDM}NavigationProperty")]
    return made


def described(element: ET.Element) -> list[Any]:
    """The type of a property or a parameter, and whether it may be null."""
    return [element.attrib["Type"].replace("graph.", ""), element.get("Nullable") != "false"]


def sliced(file: Path, commit: str, date: str) -> dict[str, Any]:
    """The roots, every type that their properties name, and the actions on them."""
    root = ET.parse(file).getroot()  # noqa: S314  # a file that whoever runs this has fetched
    (schema,) = [one for one in root.iter(f"{EDM}Schema") if one.get("Namespace") == "microsoft.graph"]
    kinds = ("EntityType", "ComplexType", "EnumType")
    known = {one.attrib["Name"]: one for kind in kinds for one in schema.findall(f"{EDM}{kind}")}
    types: dict[str, Any] = {}
    wanted = list(ROOTS)
    while wanted:
        name = wanted.pop()
        if name in types or name not in known:
            continue
        types[name] = read_type(known[name])
        wanted += [found for one in known[name].findall(f"{EDM}Property") if (found := bare(one.attrib["Type"]))]
        wanted += [types[name]["base"]] if types[name].get("base") else []
    actions: dict[str, dict[str, Any]] = {}
    for action in schema.findall(f"{EDM}Action"):
        target, *parameters = action.findall(f"{EDM}Parameter")
        if action.attrib["Name"] in ACTIONS:
            given = {one.attrib["Name"]: described(one) for one in parameters}
            actions.setdefault(action.attrib["Name"], {})[bare(target.attrib["Type"]) or ""] = given
    head = {"source": SOURCE, "commit": commit, "date": date, "sets": SETS}
    return {**head, "actions": actions, "types": dict(sorted(types.items()))}


if __name__ == "__main__":
    HERE.write_text(json.dumps(sliced(Path(sys.argv[1]), *sys.argv[2:4]), indent=1) + "\n")
