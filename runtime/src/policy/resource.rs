//! The attributes of the resource, which come from the environment of the program.

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;

use super::conventions;
use super::foreign_data::ForeignData;
use super::rules::Verdict;
use super::spans::exported;

/// The resource without what is not exported. What says which program this is stays under every policy.
pub(crate) fn resource(data: &ForeignData, resource: &Resource) -> Resource {
    let attributes = resource.iter().filter_map(|(key, value)| {
        let verdict = match data.key(key.as_str()) {
            Verdict::Unlisted if conventions::is_safe(key.as_str()) => Verdict::Pass,
            verdict => verdict,
        };
        let mut value = value.clone();
        exported(key.as_str(), &mut value, verdict).then(|| KeyValue::new(key.clone(), value))
    });
    let attributes: Vec<KeyValue> = attributes.collect();
    let policed = Resource::builder_empty();
    match resource.schema_url() {
        Some(url) => policed.with_schema_url(attributes, url.to_owned()),
        None => policed.with_attributes(attributes),
    }
    .build()
}
