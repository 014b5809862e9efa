//! The step handlers of {{name}}.

use tasker_handler::prelude::*;

/// The person to greet.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Guest {
    /// The person's name.
    pub name: String,
}

/// A greeting.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Greeting {
    /// The text of the greeting.
    pub text: String,
}

/// Composes a greeting for a guest.
#[handler]
fn compose(_ctx: &Context, guest: Guest) -> Result<Greeting, Failure> {
    if guest.name.trim().is_empty() {
        return Err(Failure::permanent("NoName", "the guest has no name"));
    }
    Ok(Greeting { text: format!("Hello, {}!", guest.name) })
}

/// Announces the greeting in capitals.
#[handler]
fn announce(ctx: &Context) -> Result<Greeting, Failure> {
    let composed: Greeting = ctx.dependency("compose")?;
    log::info!("announcing {:?}", composed.text);
    Ok(Greeting { text: composed.text.to_uppercase() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_announced_in_capitals() {
        let composed = compose(&Context::builder().build(), Guest { name: "Ada".into() }).unwrap();
        let context = Context::builder().dependency("compose", composed).build();
        assert_eq!(announce(&context).unwrap().text, "HELLO, ADA!");
    }
}
