//! What a club may type, and what stands when it types nothing.

use jiff::civil::date;
use patella::{
    club::{self, Choices, ClinicFault, ClinicField, Club, Visible, check_clinic, is_stale},
    reply::Clinic,
};

use super::{bare, clinic};

/// The fault of a sound clinic after a change.
fn fault(change: impl FnOnce(&mut Clinic)) -> Result<(), ClinicFault> {
    let mut clinic = clinic("Acorn");
    change(&mut clinic);
    check_clinic(&clinic)
}

#[test]
fn sound_clinics_pass() {
    assert_eq!(check_clinic(&clinic("Acorn")), Ok(()));
    assert_eq!(check_clinic(&bare("Zoë's Läufer-Praxis 走る")), Ok(()), "all but name and phone may be empty");
    assert_eq!(fault(|c| c.link = "HTTP://Clinic.example".into()), Ok(()));
    assert_eq!(fault(|c| c.name = "é".repeat(club::NAME_MAX)), Ok(()), "characters, not bytes");
    assert_eq!(fault(|c| c.languages = vec!["x".repeat(club::LANGUAGE_MAX); club::LANGUAGES_MAX]), Ok(()));
}

#[test]
fn each_limit_has_its_fault() {
    use ClinicFault::{Blank, NoNumber, NotALink, TooLong, TooManyLanguages, Unseen};
    use ClinicField::{Hours, Language, Link, Name, Phone};
    assert_eq!(fault(|c| c.name = "  ".into()), Err(Blank(Name)));
    assert_eq!(fault(|c| c.phone = String::new()), Err(Blank(Phone)));
    assert_eq!(fault(|c| c.languages = vec![String::new()]), Err(Blank(Language)));
    assert_eq!(fault(|c| c.name = "x".repeat(81)), Err(TooLong { field: Name, max: 80 }));
    assert_eq!(fault(|c| c.phone = "5".repeat(41)), Err(TooLong { field: Phone, max: 40 }));
    assert_eq!(fault(|c| c.hours = "x".repeat(101)), Err(TooLong { field: Hours, max: 100 }));
    assert_eq!(fault(|c| c.languages = vec!["x".repeat(31)]), Err(TooLong { field: Language, max: 30 }));
    assert_eq!(fault(|c| c.link = format!("https://{}", "x".repeat(193))), Err(TooLong { field: Link, max: 200 }));
    assert_eq!(fault(|c| c.languages = vec!["English".into(); 6]), Err(TooManyLanguages));
    assert_eq!(fault(|c| c.phone = "ask at the desk".into()), Err(NoNumber));
    assert_eq!(fault(|c| c.phone = "12".into()), Err(NoNumber));
    for unseen in ["a\nb", "a\0b", "a\u{1b}[2Jb", "a\u{2028}b", "a\u{202e}b"] {
        assert_eq!(fault(|c| c.name = unseen.into()), Err(Unseen(Name)), "{unseen:?}");
        assert_eq!(fault(|c| c.phone = format!("555 0100{unseen}")), Err(Unseen(Phone)), "{unseen:?}");
        assert_eq!(fault(|c| c.hours = unseen.into()), Err(Unseen(Hours)), "{unseen:?}");
        assert_eq!(fault(|c| c.languages = vec![unseen.into()]), Err(Unseen(Language)), "{unseen:?}");
        assert_eq!(fault(|c| c.link = format!("https://{unseen}")), Err(Unseen(Link)), "{unseen:?}");
    }
    for link in [
        "clinic.example",
        "javascript:alert(1)",
        "https://",
        "https:///path",
        "https://a b",
        "https://a@b.example",
        "https://a<b",
    ] {
        assert_eq!(fault(|c| c.link = link.into()), Err(NotALink), "{link}");
    }
    assert_eq!(TooLong { field: Hours, max: 100 }.to_string(), "the hours has more than 100 characters");
}

#[test]
fn a_clinic_goes_stale_after_half_a_year() {
    let today = date(2026, 11, 21);
    let checked = |day| is_stale(&Clinic { last_checked: day, ..bare("Acorn") }, today);
    assert!(checked(None), "never checked");
    assert!(checked(Some(date(2026, 5, 21))), "184 days");
    assert!(!checked(Some(date(2026, 5, 22))), "183 days");
    assert!(!checked(Some(today)));
    assert!(!checked(Some(date(2027, 1, 1))), "a slip of the year is no reason to nag");
}

#[test]
fn choices_come_over_the_operators_settings() {
    let operator = Club { clinics: vec![bare("Operator's")], region: Some("us".into()), visible: Visible::Everyone };
    assert_eq!(operator.with(&Choices::default()), operator);
    let choices = Choices { clinics: vec![bare("Own")], region: None, visible: Some(Visible::Me) };
    let expected = Club { clinics: vec![bare("Own")], region: Some("us".into()), visible: Visible::Me };
    assert_eq!(operator.with(&choices), expected);
    assert_eq!(Club::default().visible, Visible::Me, "private unless someone chose otherwise");
    for visible in [Visible::Me, Visible::Everyone] {
        assert_eq!(Visible::from_name(visible.name()), Some(visible));
    }
    assert_eq!(Visible::from_name("Everyone"), None);
}
