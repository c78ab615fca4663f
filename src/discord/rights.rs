//! What a member may do in a channel, worked out as Discord does: roles first, then what the channel takes away and gives
//! (<https://docs.discord.com/developers/topics/permissions#permission-overwrites>).

use serde_json::Value;

use super::from_discord::permission::ADMINISTRATOR;

/// The rights of a member in a channel, as bits, from Discord's own objects; `None` where they do not hold what is needed.
pub fn rights(server: &Value, channel: &Value, member: &Value) -> Option<u64> {
    let (everyone, me) = (server["id"].as_str()?, member["user"]["id"].as_str()?);
    if server["owner_id"].as_str() == Some(me) {
        return Some(u64::MAX);
    }
    let own: Vec<&str> = member["roles"].as_array()?.iter().filter_map(Value::as_str).collect();
    let has = |id: &str| id == everyone || own.contains(&id);
    let roles = server["roles"].as_array()?.iter().filter(|role| role["id"].as_str().is_some_and(has));
    let base = roles.fold(0, |all, role| all | bits(&role["permissions"]));
    if base & ADMINISTRATOR != 0 {
        return Some(u64::MAX);
    }
    // For all, then for roles taken together, then for the member: what comes later wins.
    let overwrites = channel["permission_overwrites"].as_array()?;
    let steps: [&dyn Fn(&str) -> bool; 3] = [&|id| id == everyone, &|id| own.contains(&id), &|id| id == me];
    Some(steps.iter().fold(base, |rights, step| {
        let here = overwrites.iter().filter(|o| o["id"].as_str().is_some_and(step));
        let (deny, allow) = here.fold((0, 0), |(deny, allow), o| (deny | bits(&o["deny"]), allow | bits(&o["allow"])));
        rights & !deny | allow
    }))
}

/// Discord writes bits as a decimal number in text.
fn bits(text: &Value) -> u64 {
    text.as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn server() -> Value {
        json!({ "id": "1", "owner_id": "9", "roles": [
            { "id": "1", "permissions": "3" }, { "id": "2", "permissions": "4" }, { "id": "3", "permissions": "16" },
            { "id": "4", "permissions": "8" },
        ]})
    }

    fn of(member: &str, roles: &Value, overwrites: &Value) -> Option<u64> {
        let member = json!({ "user": { "id": member }, "roles": roles });
        rights(&server(), &json!({ "permission_overwrites": overwrites }), &member)
    }

    #[test]
    fn roles_add_up() {
        assert_eq!(of("5", &json!([]), &json!([])), Some(3));
        assert_eq!(of("5", &json!(["2", "3"]), &json!([])), Some(3 + 4 + 16));
    }

    #[test]
    fn a_channel_takes_and_gives_in_discords_order() {
        let for_all = json!({ "id": "1", "type": 0, "deny": "1", "allow": "32" });
        let for_role = json!({ "id": "2", "type": 0, "deny": "34", "allow": "1" });
        let for_other = json!({ "id": "3", "type": 0, "deny": "0", "allow": "64" });
        let for_me = json!({ "id": "5", "type": 1, "deny": "4", "allow": "2" });
        // 3 + 4, without 1 and with 32, without 34 and with 1, without 4 and with 2. The order of the list means nothing.
        assert_eq!(of("5", &json!(["2"]), &json!([for_me, for_other, for_role, for_all])), Some(1 + 2));
    }

    #[test]
    fn owners_and_administrators_may_all() {
        let nothing = json!([{ "id": "1", "type": 0, "deny": "63", "allow": "0" }]);
        assert_eq!(of("9", &json!([]), &nothing), Some(u64::MAX));
        assert_eq!(of("5", &json!(["4"]), &nothing), Some(u64::MAX));
        assert_eq!(of("5", &json!([]), &nothing), Some(0));
    }

    #[test]
    fn what_is_not_said_is_not_guessed() {
        assert_eq!(rights(&json!({}), &json!({}), &json!({})), None);
        assert_eq!(rights(&server(), &json!({}), &json!({ "user": { "id": "5" }, "roles": [] })), None);
    }
}
