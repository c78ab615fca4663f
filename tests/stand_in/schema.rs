//! Bodies against Discord's own OpenAPI description, where it lies beside the repository.

use std::{
    collections::HashMap,
    fs,
    path::Path,
    sync::{Arc, Mutex, OnceLock},
};

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::{Value, json};

/// Where the description lies, seen from the repository.
const DESCRIPTION: &str = "../shared/discord/openapi.json";
/// As much of an error as helps.
const EXCERPT: usize = 200;

/// The description's schemas, made lenient; none where the file is absent.
fn schemas() -> Option<&'static Value> {
    static SCHEMAS: OnceLock<Option<Value>> = OnceLock::new();
    let read = || {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(DESCRIPTION);
        let Ok(text) = fs::read_to_string(&path) else {
            println!("skipped: bodies are not checked against {DESCRIPTION}, which is absent");
            return None;
        };
        let mut description: Value = serde_json::from_str(&text).expect("the description is JSON");
        let mut components = description["components"]["schemas"].take();
        soften(&mut components);
        Some(components)
    };
    SCHEMAS.get_or_init(read).as_ref()
}

/// Is the description there?
pub fn is_there() -> bool {
    schemas().is_some()
}

/// The leniencies: an integer may come as a string of digits and an id as an integer; a union is met by any of its parts.
fn soften(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(union) = object.remove("oneOf") {
                object.entry("anyOf").or_insert(union);
            }
            let integer = |kind: &Value| kind == "integer" || kind.as_array().is_some_and(|k| k.contains(&json!("integer")));
            let free = !["enum", "const", "allOf", "anyOf", "pattern"].iter().any(|key| object.contains_key(*key));
            if free && object.get("type").is_some_and(integer) {
                let mut kinds = match object.remove("type") {
                    Some(Value::Array(kinds)) => kinds,
                    other => other.into_iter().collect(),
                };
                if !kinds.contains(&json!("string")) {
                    kinds.push(json!("string"));
                    object.insert("pattern".to_owned(), json!("^-?[0-9]+$"));
                }
                object.insert("type".to_owned(), Value::Array(kinds));
            }
            // Discord's own examples number attachments 0, 1, ..., so ids may be integers as well.
            if object.get("format") == Some(&json!("snowflake")) && object.get("type") == Some(&json!("string")) {
                object.insert("type".to_owned(), json!(["string", "integer"]));
            }
            object.values_mut().for_each(soften);
        }
        Value::Array(items) => items.iter_mut().for_each(soften),
        _ => {}
    }
}

/// The validator of one named schema, or of a list of it; compiled once in a process.
fn validator(name: &str) -> Option<Arc<Validator>> {
    static VALIDATORS: OnceLock<Mutex<HashMap<String, Arc<Validator>>>> = OnceLock::new();
    let all = schemas()?;
    let mut known = VALIDATORS.get_or_init(Mutex::default).lock().expect("no check panics while it holds this");
    if let Some(validator) = known.get(name) {
        return Some(validator.clone());
    }
    let mut schema = match name.strip_suffix("[]") {
        Some(item) => json!({"type": "array", "items": {"$ref": format!("#/components/schemas/{item}")}}),
        None => json!({"$ref": format!("#/components/schemas/{name}")}),
    };
    schema["components"]["schemas"] = needed(all, name.trim_end_matches("[]"));
    let compiled = Arc::new(jsonschema::validator_for(&schema).unwrap_or_else(|e| panic!("the schema {name} compiles: {e}")));
    known.insert(name.to_owned(), compiled.clone());
    Some(compiled)
}

/// The named schema and all that it refers to.
fn needed(all: &Value, name: &str) -> Value {
    let mut found = serde_json::Map::new();
    let mut open = vec![name.to_owned()];
    while let Some(name) = open.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let schema = all.get(&name).unwrap_or_else(|| panic!("the description has a schema {name}"));
        references(schema, &mut open);
        found.insert(name, schema.clone());
    }
    Value::Object(found)
}

fn references(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(name) = object.get("$ref").and_then(Value::as_str) {
                names.extend(name.rsplit('/').next().map(str::to_owned));
            }
            object.values().for_each(|value| references(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        _ => {}
    }
}

/// What is wrong with a body, a line each; empty where it fits or where the description is absent. `name`: the schema's
/// name in the description, with `[]` behind it for a list.
pub fn faults(name: &str, body: &Value) -> Vec<String> {
    let Some(validator) = validator(name) else { return Vec::new() };
    validator.iter_errors(body).map(|error| line(&error)).collect()
}

/// An error, said by the part of a union that came nearest.
fn line(error: &ValidationError<'_>) -> String {
    if let ValidationErrorKind::AnyOf { context } = error.kind() {
        // The part that fits best fails deepest.
        let depth = |errors: &Vec<ValidationError<'_>>| {
            errors.iter().map(|e| e.instance_path().as_str().matches('/').count()).max().unwrap_or(0)
        };
        if let Some(deepest) = context.iter().max_by_key(|errors| depth(errors)).and_then(|errors| errors.first()) {
            return line(deepest);
        }
    }
    let said: String = error.to_string().chars().take(EXCERPT).collect();
    format!("at {}: {said}", error.instance_path())
}
