#!/usr/bin/env python3
"""Writes the C tables of the admin API, and the OpenAPI document that is served, from the files beside this one.

    generate.py --c FILE           the tables (routes, fields, rights, audit texts), the document and the reference page, as C
    generate.py --document FILE    the document alone
    generate.py --format FILE...   writes source files as they should look

base.json is the frame, every other file an object: {"tag": {...}, "paths": {...}, "schemas": {...}}. Paths and operations are
those of OpenAPI 3.1 with these abbreviations, which README.md explains: right, public, audit, query, body, answer, created, list,
pages, include, and properties of schemas as "TYPE: meaning". The document has them written out.
"""
import argparse
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
METHODS = ("post", "get", "put", "patch", "delete")
KNOWN = {"operationId", "summary", "right", "public", "audit", "query", "body", "answer", "created", "list", "pages", "more",
         "rehearses", "volatile", "secret", "accepted", "redirects"}
TARGETS = {"installation", "own", "named", "list", "organisation", "admin-group", "domain", "body-domain", "address",
           "body-address", "anything"}
SCALARS = {"string": {"type": "string"}, "integer": {"type": "integer"}, "boolean": {"type": "boolean"},
           "object": {"type": "object"}, "any": {}, "time": {"type": ["string", "null"], "format": "date-time"}}
FIELD_TYPES = {"string": "ADMIN_TEXT", "integer": "ADMIN_NUMBER", "boolean": "ADMIN_BOOL", "array": "ADMIN_LIST",
               "object": "ADMIN_OBJECT"}


class Fault(Exception):
    """A source file is not as it should be."""


def load():
    with open(os.path.join(HERE, "base.json"), encoding="utf-8") as file:
        base = json.load(file)
    parts = []
    for name in base["tags"]:
        with open(os.path.join(HERE, name + ".json"), encoding="utf-8") as file:
            part = json.load(file)
        if part["tag"]["name"] != name:
            raise Fault(f"{name}.json has another tag")
        parts.append(part)
    left = {f[:-5] for f in os.listdir(HERE) if f.endswith(".json")} - set(base["tags"]) - {"base"}
    if left:
        raise Fault(f"not among the tags of base.json: {', '.join(sorted(left))}")
    return base, parts


# ---- schemas


def type_of(text):
    """'string', 'User[]', 'on|off|null': as JSON Schema."""
    if text.endswith("[]"):
        return {"type": "array", "items": type_of(text[:-2])}
    if text in SCALARS:
        return dict(SCALARS[text])
    if "|" in text:
        words = text.split("|")
        may_be_null = words[-1] == "null"
        words = words[:-1] if may_be_null else words
        if len(words) == 1:
            one = type_of(words[0])
            return {"anyOf": [one, {"type": "null"}]} if "type" not in one else {**one, "type": [one["type"], "null"]}
        return {"type": ["string", "null"] if may_be_null else "string", "enum": words + ([None] if may_be_null else [])}
    if re.fullmatch(r"[A-Z]\w+", text):
        return {"$ref": "#/components/schemas/" + text}
    raise Fault(f"no type: {text}")


def property_of(text):
    """'?integer: Bytes.': (is it required, its schema)."""
    kind, _, meaning = text.partition(": ")
    schema = type_of(kind.lstrip("?"))
    if meaning:
        schema["description"] = meaning
    return not kind.startswith("?"), schema


def all_properties(schemas, name):
    source = schemas[name]
    properties = {}
    for other in source.get("include", []):
        properties.update(all_properties(schemas, other))
    properties.update(source["properties"])
    return properties


def object_schema(properties, is_open):
    required, out = [], {}
    for name, text in properties.items():
        is_required, out[name] = property_of(text)
        if is_required:
            required.append(name)
    schema = {"type": "object", "properties": out}
    if required:
        schema["required"] = required
    if not is_open:
        schema["additionalProperties"] = False
    return schema


def schemas_of(base, parts):
    sources = {}
    for part in [base, *parts]:
        for name, source in part["schemas"].items():
            if name in sources:
                raise Fault(f"the schema {name} stands twice")
            sources[name] = source
    return {name: object_schema(all_properties(sources, name), source.get("open", False))
            for name, source in sources.items()}


# ---- operations


def title(name):
    return "".join(word.capitalize() for word in name.split("_"))


def parameter(name, where, text):
    is_required, schema = property_of(text)
    meaning = schema.pop("description", None)
    out = {"name": name, "in": where, "required": is_required, "schema": schema}
    if meaning:
        out["description"] = meaning
    return out


def json_of(schema):
    return {"application/json": {"schema": schema}}


BYTES = {"application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}


def list_schema(op):
    name, _, item = op["list"].partition(": ")
    properties = {name: item + "[]", "next": "?string: Where there is more: `cursor` of the next page."}
    properties.update(op.get("more", {}))
    return object_schema(properties, False)


def success(op, schemas):
    if "list" in op:
        name = title(op["operationId"]) + "Answer"
        schemas[name] = list_schema(op)
        return {"200": {"description": "A page of the list.", "content": json_of({"$ref": "#/components/schemas/" + name})}}
    for key, status, meaning in (("created", "201", "It was made."), ("answer", "200", "Done.")):
        if key in op:
            content = BYTES if op[key] == "bytes" else json_of({"$ref": "#/components/schemas/" + op[key]})
            return {status: {"description": meaning, "content": content}}
    if op.get("redirects"):
        return {"303": {"description": "Go on at Location."}}
    return {"204": {"description": "Done; there is nothing to say."}}


def waiting(method, op):
    """202: it goes on behind, or waits for a second person."""
    if method == "get" or op.get("public"):
        return {}
    later = {"$ref": "#/components/responses/Waiting"}
    if "accepted" not in op:
        return {"202": later}
    schemas = [{"$ref": "#/components/schemas/" + name} for name in (op["accepted"], "ChangeShown")]
    return {"202": {"description": "It goes on behind, or a second person has to agree first.", "content": json_of({"anyOf": schemas})}}


def shared(name):
    return {"$ref": "#/components/parameters/" + name}


def parameters_of(method, path, op):
    out = [parameter(name, "path", "string") for name in re.findall(r"\{(\w+)\}", path)]
    out += [parameter(name, "query", text) for name, text in op.get("query", {}).items()]
    if "list" in op:
        out += [shared(name) for name in (("limit", "cursor", "fields") if op.get("pages") == "own"
                                          else ("limit", "cursor", "filter", "sort", "fields"))]
    elif method == "get":
        out.append(shared("fields"))
    if method == "get" and op.get("answer") != "bytes":
        out.append(shared("If-None-Match"))
    if method in ("put", "patch", "delete") and has_etag(op):
        out.append(shared("If-Match"))
    if method == "post" and op.get("body") != "bytes" and not op.get("public"):
        out.append(shared("Idempotency-Key"))
    if op.get("rehearses"):
        out.append(shared("dry_run"))
    return out


def has_etag(op):
    return op.get("_has_get", False)


def operation(method, path, op, tag, schemas):
    unknown = set(op) - KNOWN - {"_has_get"}
    if unknown:
        raise Fault(f"{method} {path}: what is {', '.join(sorted(unknown))}?")
    out = {"operationId": op["operationId"], "tags": [tag], "summary": op["summary"]}
    parameters = parameters_of(method, path, op)
    if parameters:
        out["parameters"] = parameters
    if op.get("body") == "bytes":
        out["requestBody"] = {"required": True, "content": BYTES}
    elif "body" in op:
        schema = schemas[op["body"]]
        out["requestBody"] = {"required": bool(schema.get("required")),
                              "content": json_of({"$ref": "#/components/schemas/" + op["body"]})}
    out["responses"] = {**success(op, schemas), **waiting(method, op), "default": {"$ref": "#/components/responses/Problem"}}
    if op.get("public"):
        out["security"] = []
    else:
        out["x-right"] = op["right"]
    if "audit" in op:
        out["x-audit"] = op["audit"]
    return out


def has_needed_permission(right):
    if right["on"] == "anything":
        return "permission" not in right
    return "permission" in right or right.get("own", False)


def check(base, parts):
    seen = set()
    for part in parts:
        for path, operations in part["paths"].items():
            for method, op in operations.items():
                where = f"{method} {path}"
                if method not in METHODS or (path, method) in seen:
                    raise Fault(f"{where}: no method, or twice")
                seen.add((path, method))
                if not op.get("public") and op["right"].get("on") not in TARGETS:
                    raise Fault(f"{where}: no such target of a right")
                if not op.get("public") and not has_needed_permission(op["right"]):
                    raise Fault(f"{where}: a permission is needed, but on anything, and for what only the recipient itself does")
                for action in op.get("audit", []):
                    if action not in base["audit"]:
                        raise Fault(f"{where}: no audit text for {action}")
                op["_has_get"] = operations.get("get") is not None


def document(base, parts):
    check(base, parts)
    schemas = schemas_of(base, parts)
    paths = {path: {method: operation(method, path, op, part["tag"]["name"], schemas) for method, op in operations.items()}
             for part in parts for path, operations in part["paths"].items()}
    return {
        "openapi": base["openapi"], "info": base["info"], "servers": [{"url": "/api/v1"}],
        "tags": [part["tag"] for part in parts], "security": [{"session": []}, {"token": []}], "paths": paths,
        "components": {
            "schemas": schemas, "parameters": base["parameters"], "responses": base["responses"],
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "__Host-chappe", "description": "POST /session sets it."},
                "token": {"type": "http", "scheme": "bearer", "description": "POST /tokens gives one."}}},
        "x-audit": base["audit"],
    }


# ---- C


def quoted(text):
    text = text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?").replace("\n", "\\n")
    return '"' + text + '"'


def long_text(text):
    """Many literals in a row: one may not be too long for a reader, nor for a compiler's warning."""
    return "\n    ".join(quoted(text[i:i + 100]) for i in range(0, len(text), 100))


def field_type(schema):
    kind = schema.get("type", "object")
    return FIELD_TYPES[kind[0] if isinstance(kind, list) else kind]


def c_fields(name, schema):
    rows = [f"    {{ {quoted(field)}, {field_type(s)}, {'true' if field in schema.get('required', []) else 'false'},\n"
            f"      {quoted(s.get('description', ''))} }},\n" for field, s in schema["properties"].items()]
    return f"static const struct admin_field {name}_fields[] = {{\n{''.join(rows)}    {{ .name = NULL }}\n}};\n"


def is_sortable(schema):
    """What lists are sorted by: texts, numbers, moments, yes and no; no lists and no objects."""
    kind = schema.get("type", "string" if "enum" in schema else "")
    return bool({"string", "integer", "boolean"} & set(kind if isinstance(kind, list) else [kind]))


def c_route(method, path, op, schemas):
    rows = [f".method = {quoted(method.upper())}", f".pattern = {quoted(path)}", f".run = {op['operationId']}",
            f".meaning = {quoted(op['summary'])}"]
    if op.get("body") == "bytes":
        rows.append(".takes_bytes = true")
    elif "body" in op:
        rows.append(f".fields = {op['body']}_fields")
    if op.get("query"):
        rows.append(f".query = {quoted(' '.join(op['query']))}")
    if "list" in op:
        name, _, item = op["list"].partition(": ")
        properties = schemas[item]["properties"]
        rows.append(f".list = {quoted(name)}, .key = {quoted(next(iter(properties)))}")
        rows.append(f".sorts = {quoted(' '.join(field for field, schema in properties.items() if is_sortable(schema)))}")
    for key, field in (("public", "is_public"), ("rehearses", "can_rehearse")):
        if op.get(key):
            rows.append(f".{field} = true")
    if op.get("pages") == "own":
        rows.append(".has_own_pages = true")
    if op.get("volatile"):
        rows.append(f".volatile_fields = {quoted(' '.join(op['volatile']))}")
    if op.get("secret"):
        rows.append(".tells_secret = true")
    if isinstance(op.get("secret"), list):
        rows.append(f".secrets = {quoted(' '.join(op['secret']))}")
    if op.get("_has_get") and method != "post" and op.get("answer") != "bytes":
        rows.append(".has_etag = true")
    return "    { " + ", ".join(rows) + " },\n"


def c_right(method, path, op):
    if op.get("public"):
        return ""
    right = op["right"]
    permission = right["permission"].upper().replace(".", "_") if "permission" in right else "PERMISSIONS"
    return (f"    {{ {quoted(method.upper())}, {quoted(path)}, ON_{right['on'].upper().replace('-', '_')}, {permission}, "
            f"{'true' if right.get('own') else 'false'} }},\n")


def c_tables(base, parts, doc):
    operations = [(method, path, op) for part in parts for path, ops in part["paths"].items() for method, op in ops.items()]
    bodies = sorted({op["body"] for _, _, op in operations if op.get("body", "bytes") != "bytes"})
    out = ["/* Written by server/admin-api/openapi/generate.py. */\n#include \"admin_api/call.h\"\n"
           "#include \"admin_api/language.h\"\n#include \"admin_api/right.h\"\n#include \"admin_api/table.h\"\n\n"]
    out += [c_fields(name, doc["components"]["schemas"][name]) for name in bodies]
    out.append("static const struct admin_route routes[] = {\n")
    out += [c_route(*one, doc["components"]["schemas"]) for one in operations]
    out.append("};\nconst struct admin_route *admin_routes(size_t *count_out)\n{\n    *count_out = COUNT_OF(routes);\n"
               "    return routes;\n}\n\nstatic const struct right table[] = {\n")
    out += [c_right(*one) for one in operations]
    out.append("};\nconst struct right *rights(size_t *count_out)\n{\n    *count_out = COUNT_OF(table);\n    return table;\n}\n\n"
               "static const struct admin_text audit_texts[] = {\n")
    out += [f"    {{ {quoted(action)}, {quoted(text['en'])}, {quoted(text['fr'])} }},\n" for action, text in base["audit"].items()]
    out.append("};\nconst struct admin_text *admin_audit_texts(size_t *count_out)\n{\n"
               "    *count_out = COUNT_OF(audit_texts);\n    return audit_texts;\n}\n")
    return "".join(out)


def c_sentences():
    with open(os.path.join(HERE, "..", "catalogue", "fr.json"), encoding="utf-8") as file:
        rows = [f"    {{ {quoted(en)},\n      {quoted(fr)} }},\n" for en, fr in json.load(file).items()]
    return ("\nstatic const struct admin_sentence sentences[] = {\n" + "".join(rows) +
            "};\nconst struct admin_sentence *admin_sentences(size_t *count_out)\n{\n    *count_out = COUNT_OF(sentences);\n"
            "    return sentences;\n}\n")


def c_files(doc, folder):
    texts = {"openapi.json": json.dumps(doc, ensure_ascii=False, separators=(",", ":"))}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            texts[name] = file.read()
    rows = [f"    {{ {quoted(name)}, (const char[]){{\n    {bytes_of(text)}0 }}, {len(text.encode())} }},\n"
            for name, text in texts.items()]
    return ("\nstatic const struct admin_file files[] = {\n" + "".join(rows) +
            "};\nconst struct admin_file *admin_files(size_t *count_out)\n{\n    *count_out = COUNT_OF(files);\n"
            "    return files;\n}\n")


def bytes_of(text):
    data = text.encode()
    return "\n    ".join(",".join(str(b - 256 if b > 127 else b) for b in data[i:i + 40]) + ","
                         for i in range(0, len(data), 40))


# ---- the look of the source files


def formatted(value, indent=0, used=0):
    if not isinstance(value, (dict, list)) or not value:
        return json.dumps(value, ensure_ascii=False)
    names = [json.dumps(k, ensure_ascii=False) + ": " if isinstance(value, dict) else "" for k in value]
    values = list(value.values()) if isinstance(value, dict) else value
    ends = "{}" if isinstance(value, dict) else "[]"
    blank = " " if isinstance(value, dict) else ""
    if used is not None:
        one = formatted(value, 0, None)
        if indent + used + len(one) <= 116:
            return one
        pad = " " * (indent + 2)
        rows = [pad + n + formatted(v, indent + 2, len(n)) for n, v in zip(names, values)]
        return ends[0] + "\n" + ",\n".join(rows) + "\n" + " " * indent + ends[1]
    return ends[0] + blank + ", ".join(n + formatted(v, 0, None) for n, v in zip(names, values)) + blank + ends[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--c")
    parser.add_argument("--document")
    parser.add_argument("--format", nargs="+", default=[])
    arguments = parser.parse_args()
    for path in arguments.format:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
        with open(path, "w", encoding="utf-8") as file:
            file.write(formatted(value) + "\n")
    try:
        base, parts = load()
        doc = document(base, parts)
    except (Fault, KeyError, ValueError) as fault:
        sys.exit(f"server/admin-api/openapi: {fault}")
    if arguments.document:
        with open(arguments.document, "w", encoding="utf-8") as file:
            json.dump(doc, file, ensure_ascii=False, indent=1)
    if arguments.c:
        with open(arguments.c, "w", encoding="utf-8") as file:
            file.write(c_tables(base, parts, doc) + c_sentences() + c_files(doc, os.path.join(HERE, "..", "reference")))


if __name__ == "__main__":
    main()
