//! A club's next year of tips.

use std::collections::HashSet;

use jiff::civil::Weekday;

use super::*;

#[tokio::test]
async fn a_year_of_tips_is_shown_for_a_zone_a_day_and_a_time() {
    let page = Page::open().await;
    let year = page.json("/api/calendar?zone=boston&day=thu&time=18:30").await;
    assert_eq!((&year["zone"], &year["day"], &year["time"]), (&json!("America/New_York"), &json!("Thursday"), &json!("18:30")));
    let rows = year["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 52);
    assert_eq!((&rows[0]["date"], &rows[0]["local"]), (&json!("2026-11-26"), &json!("Thu 26 Nov 2026, 18:30")));
    let tips: HashSet<&str> = rows.iter().filter_map(|row| row["tip"].as_str()).collect();
    assert_eq!(tips.len(), 52, "no tip comes twice in a year");
    for (row, next) in rows.iter().zip(&rows[1..]) {
        let date = |row: &Value| row["date"].as_str().expect("a date").parse::<Date>().expect("a date");
        assert_eq!((date(row).weekday(), (date(next) - date(row)).get_days()), (Weekday::Thursday, 7));
        assert!(row["local"].as_str().is_some_and(|local| local.ends_with("18:30")), "{row}");
    }
    let later = page.json("/api/calendar?zone=Europe/Berlin&day=Monday&time=07:00&from=2027-03-01").await;
    assert_eq!(later["rows"][0]["date"], "2027-03-01");
}

#[tokio::test]
async fn what_is_none_is_said() {
    let page = Page::open().await;
    for (query, part) in [
        ("zone=atlantis&day=thu&time=18:30", "zone"),
        ("zone=boston&day=someday&time=18:30", "day"),
        ("zone=boston&day=thu&time=late", "time"),
        ("zone=boston&day=thu&time=18:30&from=soon", "date"),
        ("", "zone"),
    ] {
        let response = page.get(&format!("/api/calendar?{query}")).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        let said: Value = response.json().await.expect("JSON");
        assert!(said["error"]["what"].as_str().is_some_and(|what| what.contains(part)), "{query}: {said}");
    }
}
