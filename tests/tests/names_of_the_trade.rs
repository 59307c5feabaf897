//! Identifiers of real trading code with their types, each annotated for real: what is recorded without a word, and what
//! is skipped. A false alarm would make people look for a way around the check, so the first lists are the long ones.

#![allow(
    clippy::all,
    clippy::pedantic,
    non_snake_case,
    reason = "hundreds of small functions that a macro writes"
)]

use std::time::Duration;

use tickspan::{event, traced_stage};
use tickspan_tests::capture::Capture;

/// A stage for each name, with an argument of that name; where it is recorded, an event as well, that names it.
macro_rules! verdicts {
    ($($verdict:ident $ty:ty = $value:expr => $($name:ident)+;)+) => {{
        let mut count = 0;
        $($( verdict!($verdict $name: $ty = $value); count += 1; )+)+
        count
    }};
}

macro_rules! verdict {
    (recorded $name:ident: $ty:ty = $value:expr) => {{
        #[traced_stage(name = "stage")]
        fn stage($name: $ty) {
            event!("seen", $name);
        }
        let capture = Capture::new();
        capture.run(|| stage($value));
        let key = stringify!($name).trim_start_matches("r#");
        for at in ["stage", "seen"] {
            assert!(
                capture.one(at).field(key).is_some(),
                "`{key}: {}` is not recorded by `{at}`",
                stringify!($ty)
            );
        }
    }};
    (skipped $name:ident: $ty:ty = $value:expr) => {{
        #[traced_stage(name = "stage")]
        fn stage($name: $ty) {
            let _ = $name;
        }
        let capture = Capture::new();
        capture.run(|| stage($value));
        let key = stringify!($name).trim_start_matches("r#");
        assert_eq!(
            capture.one("stage").field(key),
            None,
            "`{key}: {}` is recorded",
            stringify!($ty)
        );
    }};
}

#[test]
fn fix() {
    let names = verdicts! {
        recorded u64 = 7 =>
            msg_seq_num begin_seq_no end_seq_no new_seq_no body_length max_message_size heart_bt_int encrypt_method_code
            order_qty leaves_qty cum_qty last_qty last_shares display_qty min_qty max_floor max_show cash_order_qty
            no_md_entries md_entry_size md_entry_position_no number_of_orders md_update_action tot_no_orders no_legs no_party_ids
            no_allocs no_sides leg_ratio_qty contract_multiplier round_lot open_interest settl_days trade_seq_no appl_seq_num
            secondary_order_no list_seq_no cxl_qty alloc_qty quote_set_no no_quote_entries rpt_seq last_update_no poss_resend_count
            security_code instrument_code trade_report_no order_number trade_number match_number execution_no route_no
            session_no clearing_firm_no trading_session_no security_no broker_no venue_no session_number card_id sin pan isin_no;
        recorded f64 = 585.33 =>
            price stop_px avg_px last_px bid_px offer_px settl_price strike_price high_px low_px opening_px closing_px peg_difference
            md_entry_px gross_trade_amt net_money commission accrued_interest_amt coupon_rate yield_to_maturity spread
            bid_yield offer_yield mid_px theoretical_px settl_curr_fx_rate alloc_avg_px price_delta factor discretion_offset
            last_spot_rate last_forward_points contract_size min_price_increment trade_price_limit;
        recorded i64 = -7 =>
            side_code ord_status_code exec_inst ord_rej_reason cxl_rej_reason business_reject_reason session_reject_reason
            position_qty net_change_prev_day settl_type trading_session_id security_trading_status md_req_id mass_cancel_type
            utc_offset price_type_code;
        recorded bool = true =>
            poss_dup_flag poss_resend gap_fill_flag reset_seq_num_flag solicited_flag locate_reqd aggressor_indicator
            has_password password_expired email_verified is_account_number_valid api_key_present reports_phone pin;
        recorded &str = "x" =>
            symbol side ord_type time_in_force currency exec_id order_id security_id instrument ticker market venue exchange mic
            strategy source status;
        skipped &str = "x" =>
            text sender_comp_id target_comp_id account on_behalf_of_comp_id username password new_password raw_data headline party_id
            trader_id client_id cl_ord_link_id note memo;
        skipped u64 = 7 =>
            password account_number acct_no ssn;
    };
    assert_eq!(names, 165);
}

#[test]
fn polymarket() {
    let names = verdicts! {
        recorded u64 = 7 =>
            token token0 token1 outcome_index market_index salt nonce expiration maker_amount taker_amount fee_rate_bps tick_size_bps
            signature_type order_count size_matched original_size timestamp_ms book_hash_low neg_risk_market_index question_count
            asset_index condition_index seconds_delay minimum_order_size minimum_tick_size_bps reward_epoch rewards_min_size
            ws_sequence subscription_count reconnect_attempts ping_interval_ms chain_no block_number log_index tx_index gas_used
            token_amount token_ids_len position_count tokens_held key keys session session_count heartbeat_ms;
        recorded f64 = 0.53 =>
            price size best_bid best_ask mid midpoint last_trade_price yes_price no_price yes_token_price no_token_price implied_probability
            edge_bps fee_rate rewards_max_spread liquidity volume_24h volume_num one_day_price_change spread competitive
            token_balance usdc_allowance kelly_fraction inventory_skew fair_value buy_token_price sell_token_price;
        recorded bool = true =>
            neg_risk is_yes_token accepting_orders enable_order_book closed archived active is_50_50_outcome post_only api_creds_loaded
            l2_headers_ready wallet_mnemonic_set authorized;
        recorded &str = "x" =>
            token_id condition_id market asset_id event_type event_id side status tx_hash pair chain trade_id topic signal_type route;
        recorded Option<u64> = Some(7) =>
            best_bid_size best_ask_size fill_block cancellation_token refresh_epoch;
        skipped String = String::new() =>
            owner maker_address funder private_key api_secret api_passphrase l1_auth_header question description proxy_wallet signature
            poly_api_key email image_url slug wallet_address;
        skipped u64 = 7 =>
            api_key pin_code otp totp_code account_no;
    };
    assert_eq!(names, 127);
}

#[test]
fn binance() {
    let names = verdicts! {
        recorded u64 = 7 =>
            last_update_id first_update_id final_update_id prev_final_update_id u_id aggregate_trade_id event_time trade_time
            recv_window server_time_ms weight_used order_weight used_weight_1m retry_after_ms limit depth_levels update_speed_ms
            order_list_id orig_client_no transact_time working_time prevented_match_id leverage max_leverage position_side_code
            open_time close_time kline_count listen_key_ttl_secs listen_key_expiry_ms listen_keys api_key_count api_key_id
            access_token_version rate_limit_interval_num filters_len symbols_count mark_price_ts next_funding_time isolated_pairs
            stream_count combined_streams request_weight ip_weight ip_limit uid_limit tick_no agg_trade_no;
        recorded f64 = 0.0001 =>
            price qty quote_qty commission executed_qty cummulative_quote_qty stop_price iceberg_qty trailing_delta mark_price
            index_price funding_rate unrealized_profit wallet_balance cross_wallet_balance available_balance max_withdraw_amount
            initial_margin maint_margin position_initial_margin entry_price liquidation_price isolated_margin notional
            bid_notional ask_notional avg_price weighted_avg_price price_change_percent open_price high_price low_price
            step_size tick_size min_notional multiplier_up multiplier_down session_pnl auth_weight;
        recorded bool = true =>
            is_buyer_maker is_best_match is_maker reduce_only close_position price_protect is_working is_isolated can_trade
            has_api_key secret_key_rotated listen_key_expired;
        recorded &str = "x" =>
            symbol order_type interval asset side client_order_id mode method strategy_id timeframe base quote operation component
            log_level queue pool;
        recorded Duration = Duration::from_secs(1) => uptime_seconds listen_key_age_seconds backoff_seconds;
        skipped &str = "x" =>
            api_key secret_key listen_key signature x_mbx_apikey apikey access_key user_data_stream new_client_text query_string
            body headers payload url message_text;
        skipped &[u8] = &[7] =>
            payload frame raw signature_bytes signing_key;
        skipped u64 = 7 => user_pin verification_code two_factor_code security_answer trading_pin;
    };
    assert_eq!(names, 144);
}

#[test]
fn brokers() {
    let names = verdicts! {
        recorded u64 = 7 =>
            quantity filled_quantity remaining_quantity order_leg_collection_len leg_id instruction_code requested_quantity
            account_type_code account_id account account_index account_count accounts number number_of_accounts position_no
            day_trade_count daytrade_count pattern_day_trader_count shares_owned round_trips option_deliverables_count
            multiplier_no expiry expiry_days days_to_expiration strike_count contract_count ladder_level ticket_no ticket_number
            confirmation_no reference_number statement_no lot_number serial_number version_number sequence_number page_number
            line_no row_number retry_no routing_table_size card_count emails phones account_numbers bank_accounts
            password_len passport_count pin_attempts credential_version otp_ttl_secs email_count phone_count mnemonic swift bic lei
            sort_index tax_lots tax_lot_count tax_year date_index name_len street_count branch_no;
        recorded f64 = 585.33 =>
            limit_price stop_price trail_price trail_percent hwm cash buying_power regt_buying_power daytrading_buying_power
            non_marginable_buying_power equity last_equity long_market_value short_market_value initial_margin maintenance_margin
            sma portfolio_value accrued_fees pending_transfer_in cost_basis unrealized_pl unrealized_plpc current_price
            lastday_price change_today avg_entry_price filled_avg_price tax_rate tax_amount card_fee bank_fee mobile_share
            credit_limit debit_balance first_price last_price last middle_price given_price birth_rate home_price;
        recorded bool = true =>
            pattern_day_trader trading_blocked transfers_blocked account_blocked shorting_enabled trade_suspended_by_user fractionable
            marginable easy_to_borrow extended_hours accepts_credit_card uses_access_token password_changed ssn_on_file
            identity_card_checked;
        recorded &str = "x" =>
            symbol order_type side time_in_force status asset_id broker broker_type exchange instrument_id leg direction order_id
            currency ccy stage pipeline;
        skipped &str = "x" =>
            account_number account_hash client_id refresh_token access_token app_key app_secret redirect_uri customer_name user_name
            first_name last_name street_address nickname display_name notes owner employer legal_name given_name phone_number;
        skipped u64 = 7 =>
            account_number acct_number accountNumber bank_account routing_number ssn tax_id passport_no dob_yyyymmdd iban card_number
            credit_card national_id phone drivers_license social_security client_ip birth_year sort_code customer_ip pin;
    };
    assert_eq!(names, 183);
}

#[test]
fn decentralised_exchanges() {
    let names = verdicts! {
        recorded u64 = 7 =>
            token0_decimals token1_decimals token_in_index token_out_index amount_in amount_out amount_out_min reserve0 reserve1
            sqrt_price_low tick tick_lower tick_upper tick_spacing liquidity fee_tier pool_index hop_count path_len deadline
            gas_limit gas_price max_fee_per_gas max_priority_fee_per_gas base_fee nonce block_number block_timestamp slot epoch
            lamports compute_units priority_fee bump_seed_index seeds_len account_index writable_accounts signers_count
            mempool_size bundle_no searcher_tip_wei slippage_bps price_impact_bps route_len key_index public_key_index
            public_keys token_account_count associated_token_account_index mint_decimals vault_no authority_index owner_index
            token_vault_a token_vault_b chain_index log_count topic_count calldata_len signature_count hash_rate wallet_count
            wallet_index address_count ip_version auth_level access_count cookie_count header_count master_index service_index;
        recorded f64 = 1.0 =>
            price price0 price1 token_price spot_price twap k_invariant virtual_price lp_share impermanent_loss apr apy tvl
            utilization borrow_rate supply_rate health_factor ltv collateral_ratio oracle_price gas_price_gwei eth_price
            private_pool_share signing_latency_ms api_latency_ms auth_latency_ms session_pnl_usd master_weight;
        recorded bool = true =>
            zero_for_one exact_in is_stable is_native unwrap_weth is_private_relay flashbots simulated reverted is_authority
            private_key_loaded seed_phrase_backed_up;
        recorded &str = "x" =>
            pool chain tx_hash block_hash pair base quote route venue strategy symbol;
        skipped &str = "x" =>
            private_key seed_phrase mnemonic mnemonic_phrase wallet_mnemonic keystore_json sender recipient from_address to_address
            rpc_url calldata rpc_api_key jwt auth_token bearer_token;
        skipped [u8; 32] = [7; 32] =>
            private_key seed hash digest public_key commitment;
        skipped Vec<u64> = vec![7] => amounts reserves words seed_words;
    };
    assert_eq!(names, 148);
}
