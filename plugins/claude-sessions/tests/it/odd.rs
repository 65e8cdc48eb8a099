//! Fields of another type than they have today: no line is lost for one, and none is an error.

use serde_json::{Value, json};

use crate::garden::fixtures;
use crate::lake::Lake;

/// What a field may be one day.
fn odd_values() -> [Value; 9] {
    [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(""),
        json!("text\u{0}with a zero"),
        json!([]),
        json!([1, ["a"], {"type": "text"}]),
        json!({"type": {"deep": [{}]}}),
    ]
}

/// The value with each of its fields replaced by `odd`, one at a time, at every depth.
fn variants(value: &Value, odd: &Value) -> Vec<Value> {
    let mut all = vec![odd.clone()];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                for variant in variants(field, odd) {
                    let mut changed = fields.clone();
                    changed.insert(name.clone(), variant);
                    all.push(Value::Object(changed));
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                for variant in variants(item, odd) {
                    let mut changed = items.clone();
                    changed[place] = variant;
                    all.push(Value::Array(changed));
                }
            }
        }
        _ => {}
    }
    all
}

#[test]
fn a_field_of_another_type_costs_no_line() {
    let lake = Lake::new();
    let mut lines = 0;
    for (number, odd) in odd_values().iter().enumerate() {
        let mut log = String::new();
        for (name, bytes) in fixtures() {
            if !name.ends_with(".jsonl") || name == "history.jsonl" {
                continue;
            }
            let text = String::from_utf8(bytes).unwrap();
            let values = text
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok());
            for value in values.filter(Value::is_object) {
                // The first variant is no object.
                for variant in variants(&value, odd).into_iter().skip(1) {
                    log.push_str(&variant.to_string());
                    log.push('\n');
                    lines += 1;
                }
            }
        }
        lake.put(&format!("projects/-a/odd{number}.jsonl"), log);
    }
    lake.read();
    assert!(lines > 3000, "{lines}");
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM claude_lines"), lines);
    // Pictures that are no base64.
    let rejects = "SELECT count(*) FROM rejects WHERE code != 'not-base64'";
    assert_eq!(lake.get::<i64>(rejects), 0);
    lake.digest();
    lake.run("claude", true, |units| units.reverse());
    assert_eq!(lake.get::<i64>("SELECT count(*) FROM claude_lines"), lines);
    assert_eq!(
        lake.get::<i64>("SELECT coalesce(sum(total_output_tokens), 0) FROM claude_sessions"),
        lake.get::<i64>("SELECT sum(output_tokens) FROM claude_usage")
    );
}
