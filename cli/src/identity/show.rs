//! `hushroom identity show`.

use hushroom::people::IdentityKey;
use serde_json::json;

use super::IdentityFile;
use crate::{
    args::Show,
    failure::{Failure, Result},
    report::{print_line, Report},
    text::clean_line,
};

/// Prints the key of an identity and the devices it knows. Makes none.
pub(crate) fn show(args: &Show, report: Report) -> Result<()> {
    let file = IdentityFile::at(&args.identity);
    if !file.path().exists() {
        return Err(Failure::file(file.path(), std::io::ErrorKind::NotFound.into()));
    }
    let identity = file.turn()?.load()?;
    let identity = identity.ok_or_else(|| Failure::file(file.path(), std::io::ErrorKind::NotFound.into()))?;
    let key = IdentityKey(identity.device_key()).to_base64url();
    let user = identity.user().map(|user| user.as_str());
    let known = identity.contacts.known();
    if report.json {
        report.line(&json!({"type": "identity", "deviceKey": key, "userId": user}))?;
        for device in known {
            report.line(&json!({
                "type": "known-device",
                "deviceKey": IdentityKey(device.key).to_base64url(),
                "name": device.name,
                "verified": device.verified,
                "metAt": device.met_at,
            }))?;
        }
        return Ok(());
    }
    print_line(&format!("device key  {key}"))?;
    if let Some(user) = user {
        print_line(&format!("user id     {user}"))?;
    }
    print_line(&format!("known devices: {}", known.len()))?;
    for device in known {
        let mark = if device.verified { "\u{2713}" } else { " " };
        let key = IdentityKey(device.key).to_base64url();
        print_line(&format!("  {mark} {key}  {}", clean_line(&device.name)))?;
    }
    Ok(())
}
