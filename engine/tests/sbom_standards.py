"""The standards' own schemas, as cyclonedx-python-lib and lib4sbom carry them."""

import json
from functools import cache
from importlib.resources import files

import jsonschema_rs
from lxml import etree

CYCLONEDX = files("cyclonedx.schema._res")
SPDX = files("lib4sbom") / "schemas/spdx"
_HERE = "http://cyclonedx.org/schema/"


def faults(form, data):
    """What the schema of the format says against the document; nothing where it is valid."""
    if form == "cyclonedx-xml":
        schema = _of_xml()
        return [] if schema.validate(etree.fromstring(data)) else [str(error) for error in schema.error_log]
    return [str(error) for error in _of_json(form).iter_errors(json.loads(data))]


@cache
def _of_json(form):
    if form == "cyclonedx-json":
        names = ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json")
        others = [(_HERE + name, json.loads((CYCLONEDX / name).read_text())) for name in names]
        schema = json.loads((CYCLONEDX / "bom-1.6.SNAPSHOT.schema.json").read_text())
        return jsonschema_rs.validator_for(schema, registry=jsonschema_rs.Registry(others))
    name = {"spdx-json": "2.3-schema.json", "spdx3-json": "3.0-schema.json"}[form]
    return jsonschema_rs.validator_for(json.loads((SPDX / name).read_text()))


@cache
def _of_xml():
    parser = etree.XMLParser()
    parser.resolvers.add(_Beside())
    return etree.XMLSchema(etree.fromstring((CYCLONEDX / "bom-1.6.SNAPSHOT.xsd").read_bytes(), parser))


class _Beside(etree.Resolver):
    """The schema of SPDX's ids, which the other one imports."""

    def resolve(self, url, _public, context):
        if url.endswith("spdx.SNAPSHOT.xsd"):
            return self.resolve_string((CYCLONEDX / "spdx.SNAPSHOT.xsd").read_bytes(), context)
        return None
