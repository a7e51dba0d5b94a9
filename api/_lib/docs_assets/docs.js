"use strict";

const element = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};

const resolve = (schema, root, depth = 0) => {
  if (!schema || depth > 6) return schema;
  if (schema.$ref) return resolve(root.components.schemas[schema.$ref.split("/").pop()], root, depth + 1);
  if (Array.isArray(schema)) return schema.map((part) => resolve(part, root, depth + 1));
  if (typeof schema !== "object") return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, resolve(value, root, depth + 1)]));
};

const block = (title, value) => value
  ? [element("h4", { textContent: title }), element("pre", { textContent: JSON.stringify(value, null, 2) })]
  : [];

const operation = (path, method, details, root) => {
  const body = details.requestBody?.content["application/json"].schema;
  const answer = details.responses["2XX"]?.content["application/json"].schema.properties.data;
  const guard = details.security.map((item) => Object.keys(item)[0]).join(", ") || "public";
  return element("details", { id: `${method} ${path}` },
    element("summary", {},
      element("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      element("span", { textContent: path })),
    element("p", { textContent: details.summary }),
    element("p", { className: "note", textContent: `Guard: ${guard}` }),
    ...block("Parameters", details.parameters.length ? resolve(details.parameters, root) : null),
    ...block("Body", resolve(body, root)),
    ...block("Data", resolve(answer, root)));
};

const show = (root) => {
  const groups = {};
  for (const [path, methods] of Object.entries(root.paths)) {
    for (const [method, details] of Object.entries(methods)) {
      (groups[details.tags[0]] ??= []).push(operation(path, method, details, root));
    }
  }
  const main = document.getElementById("operations");
  for (const name of Object.keys(groups).sort()) {
    main.append(element("section", {}, element("h2", { textContent: name }), ...groups[name]));
  }
};

const filter = (text) => {
  for (const item of document.querySelectorAll("details")) {
    item.hidden = !item.textContent.toLowerCase().includes(text.toLowerCase());
  }
};

document.getElementById("filter").addEventListener("input", (event) => filter(event.target.value));
fetch("/api/openapi.json").then((answer) => answer.json()).then(show);
