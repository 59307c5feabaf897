//! The rules, with identifiers both ways.

use super::rules::{
    Exemption, Finding, Kind, ends_in, finding_of, fingerprint, is_market_name, sensitive,
};

fn exemption(name: &str) -> Option<Exemption> {
    sensitive(name).map(|finding| finding.exemption)
}

#[test]
fn secrets_are_found() {
    for name in "
        password passwd pwd passphrase passcode passkey secret credential credentials creds otp totp jwt cvv cvc cvv2 cvc2
        CVV2 privkey api_key apiKey APIKey API_KEY apikey APIKEYS api-key api.key x-api-key binance_api_secret
        secret_key private_key privateKey privatekey access_key signing_key encryption_key decryption_key session_key
        listen_key listenKey listenkey app_key auth_key hmac_key ssh_key pem_key wallet_key master_key service_key
        auth_token accesstoken access_token refreshToken session_token bearer_token id_token api_token csrf_token
        xsrf_token seed_phrase seedphrase recovery_phrase mnemonic_phrase seed_words wallet_mnemonic seed_mnemonic
        auth_header authorization_header set_cookie set-cookie session_cookie auth_cookie two_factor_code 2fa_code
        2FAToken mfa_code mfa_token verification_code loginCode sms_code access_code one_time_code security_answer pin_code pin_number user_pin card_pin login_pin
        trading_pin old_pin new_pin pin _pin_ r#pin PIN authorization Authorization client_secret user_password r#password
        __password old_password_plain password_hash POLY_PASSPHRASE CB-ACCESS-PASSPHRASE polyApiKey
        http.request.header.authorization http.request.header.cookie url.full URL.Full url.query db.query.text
        apiKeyIDs
    "
    .split_whitespace()
    {
        assert_eq!(
            sensitive(name).map(|finding| finding.kind),
            Some(Kind::Secret),
            "{name}"
        );
    }
}

#[test]
fn personal_data_is_found() {
    for name in "
        ssn itin nino iban IBAN bban email emails e_mail e-mail userEMail user_email user.email emailaddress phone phoneNumber phonenumber
        telephone msisdn dob birthday customerBirthday passport passport_no surname aadhaar pesel nric social_security
        socialsecurity social_security_number national_id national_insurance tax_id taxid tax_identification tax_number taxpayer_id
        driver_license drivers_licence driving_licence identity_card account_number accountNumber accountnumber
        account_no account_nr acct_num acct_nbr acctNo bank_account bankaccount bank_acct routing_number routing_no sort_code sortcode
        credit_card creditcard debit_card card_number card_no card_num card_holder card_expiry first_name firstname
        lastName middle_name maiden_name given_name customer_name holder_name beneficiary_name employee_name
        birth_date birth_place birth_year date_of_birth dateofbirth dateOfBirth place_of_birth home_address
        street_address postal_address mailing_address residential_address billing_address phone_number mobile_number
        client_ip user_ip customer_ip client_ipaddress user.full_name enduser.id client.address clientAccountNumber
        account_number_1
    "
    .split_whitespace()
    {
        assert_eq!(
            sensitive(name).map(|finding| finding.kind),
            Some(Kind::Personal),
            "{name}"
        );
    }
}

#[test]
fn words_of_the_trade_are_not() {
    for name in "
        security_code mnemonic token token_id tokenId token0 session session_id key auth sin pan card_id public_key
        publicKey cancellation_token isin cusip figi sedol lei bic mic swift authority buy_token authorized secretary
        passwordless tokenized emailer pinned spin pin_bar pin_risk mapping accounting account account_id account_type
        number name symbol_name keyboard monkey keys hotkey api api_url app apps private is_private access signing
        master service wallet wallet_address seed phrase header cookie code answer address ip ip_address birth first
        last_price last given mobile bank routing route_number card credit credit_limit sort sort_key tax tax_rate
        social national holder customer client_order_id user username owner ids bus pass otps_ _ __ number_account
        key_api token_auth header_auth client_id device_id street the_number_of_accounts date expiry pins_and_needles
        contra_account compass phones_home zip url query text клиент 端口
    "
    .split_whitespace()
    {
        if ["otps_", "phones_home"].contains(&name) {
            // Plurals of sensitive words are.
            assert!(sensitive(name).is_some(), "{name}");
        } else {
            assert_eq!(sensitive(name), None, "{name}");
        }
    }
}

#[test]
fn nothing_is_no_name() {
    for name in ["", "_", "__", "r#", " . ", "-"] {
        assert_eq!(sensitive(name), None, "{name:?}");
    }
}

#[test]
fn types_decide_what_a_sensitive_name_may_hold() {
    for name in [
        "password",
        "pin",
        "account_number",
        "password_hash",
        "tax_id",
        "national_id",
        "card_expiry",
        "birth_date",
        "has_password",
        "email_verified",
        "access_key",
    ] {
        assert_eq!(exemption(name), Some(Exemption::Truths), "{name}");
    }
    for name in [
        "passwords",
        "account_numbers",
        "emails",
        "api_keys",
        "APIKeys",
        "apikeys",
        "pins",
        "credit_cards",
    ] {
        assert_eq!(exemption(name), Some(Exemption::Counts), "{name}");
    }
    for name in [
        "password_len",
        "passwordLen",
        "api_key_id",
        "credential_type",
        "otp_ttl_secs",
        "access_token_expiry",
        "email_count",
        "password_strength",
        "jwt_version",
        "card_expiry_ms",
        "email_attempts",
        "secretKeyVersion",
        "access_token_expires_at",
    ] {
        assert_eq!(exemption(name), Some(Exemption::Measures), "{name}");
    }
}

#[test]
fn the_strictest_of_several_rules_holds() {
    assert_eq!(
        exemption("password_account_number"),
        Some(Exemption::Truths)
    );
    assert_eq!(exemption("email_phone_count"), Some(Exemption::Measures));
    assert_eq!(exemption("secret_tax_id"), Some(Exemption::Truths));
}

#[test]
fn rules_of_a_team_are_in_the_same_language() {
    let found = |rule, name| finding_of(Kind::Personal, rule, name).is_some();
    assert!(found("account_id", "broker_account_id"));
    assert!(found("account id", "accountIds"));
    assert!(!found("account id", "id_account"));
    assert!(found("=name", "name"));
    assert!(found("=name", "NAME_"));
    assert!(!found("=name", "file_name"));
    assert!(!found("=name", "name_of"));
    assert!(found("trader|member id", "member_id"));
    assert!(!found("trader|member id", "order_id"));
    assert!(!found("trader id", "trader"));
}

#[test]
fn a_rule_may_be_asked_of_the_end_alone() {
    for name in [
        "error",
        "io_error",
        "lastErrors",
        "error.message",
        "http.error_message",
    ] {
        assert!(
            ends_in("error", name) || ends_in("error message", name),
            "{name}"
        );
    }
    for name in ["error_code", "terror", "", "message"] {
        assert!(!ends_in("error|panic", name), "{name}");
    }
    assert!(ends_in("error", &format!("{}error", "price_".repeat(60))));
}

#[test]
fn no_name_is_too_long() {
    for words in [1, 17, 18, 19, 20, 23, 24, 25, 40, 41, 42, 200] {
        let filler = "price_".repeat(words);
        assert_eq!(sensitive(&filler), None);
        for name in [
            format!("{filler}date_of_birth"),
            format!("date_of_birth_{filler}"),
            format!("{filler}date_of_birth_{filler}"),
        ] {
            assert_eq!(exemption(&name), Some(Exemption::Truths), "{name}");
        }
        assert!(finding_of(Kind::Secret, "=pin", &format!("pin_{filler}")).is_none());
    }
}

#[test]
fn text_is_public_under_whole_market_names() {
    for name in [
        "symbol",
        "r#symbol",
        "_symbol",
        "time_in_force",
        "asset",
        "venue",
        "order_id",
        "tx_hash",
        "mic",
    ] {
        assert!(is_market_name(name), "{name}");
    }
    for name in [
        "symbols",
        "user_symbol",
        "owner",
        "",
        "Symbol",
        "assets",
        "wenue",
        "account_id",
    ] {
        assert!(!is_market_name(name), "{name}");
    }
}

#[test]
fn the_market_vocabulary_is_sorted_and_holds_nothing_sensitive() {
    let listed: Vec<&str> = include_str!("rules.rs")
        .split_once("const MARKET: &[&str] = &[")
        .and_then(|(_, rest)| rest.split_once("];"))
        .map(|(list, _)| list.split('"').skip(1).step_by(2).collect())
        .unwrap();
    assert_eq!(listed.len(), 60);
    assert!(listed.is_sorted());
    for name in listed {
        assert!(is_market_name(name), "{name}");
        assert_eq!(sensitive(name), None, "{name}");
    }
}

#[test]
fn rules_are_answered_while_compiling() {
    const FINDING: Option<Finding> = sensitive("clientAccountNumber");
    const LONGEST: Option<Finding> =
        sensitive("an_ordinary_name_of_a_constant_that_somebody_made_much_longer_than_needed");
    const { assert!(is_market_name("venue")) }
    assert_eq!(FINDING.map(|finding| finding.kind), Some(Kind::Personal));
    assert_eq!(LONGEST, None);
}

#[test]
fn fingerprints_are_fnv_1a() {
    assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(fingerprint(b"foobar"), 0x8594_4171_f739_67e8);
}
