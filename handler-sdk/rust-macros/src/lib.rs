//! The `#[handler]` attribute. It keeps the function unchanged and registers it as a handler.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{
    Attribute, Error, Expr, ExprLit, FnArg, ItemFn, Lit, LitStr, Meta, ReturnType, Signature, Type,
    parse_macro_input, spanned::Spanned,
};

/// Makes a function a step handler.
///
/// ```ignore
/// /// Checks an order.
/// #[handler]
/// fn validate_order(ctx: &Context, order: Order) -> Result<Validated, Failure> { ... }
/// ```
///
/// The function takes `&Context` and, optionally, the task's input as any type that implements `Deserialize`
/// and `JsonSchema`. It returns `Result<T, Failure>`, where `T` implements `Serialize` and `JsonSchema` or is
/// an `Outcome` of such a type. The name and the description default to the function's name and the first
/// paragraph of its documentation. To set them: `#[handler(name = "Payments::Refund", description = "Refunds
/// a payment.")]`.
#[proc_macro_attribute]
pub fn handler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut options = Options::default();
    let parser = syn::meta::parser(|meta| options.read(&meta));
    parse_macro_input!(arguments with parser);
    let function = parse_macro_input!(item as ItemFn);
    expand(&function, &options)
        .unwrap_or_else(|error| {
            let message = error.into_compile_error();
            quote!(#message #function)
        })
        .into()
}

#[derive(Default)]
struct Options {
    name: Option<LitStr>,
    description: Option<LitStr>,
}

impl Options {
    fn read(&mut self, meta: &syn::meta::ParseNestedMeta<'_>) -> Result<(), Error> {
        let slot = if meta.path.is_ident("name") {
            &mut self.name
        } else if meta.path.is_ident("description") {
            &mut self.description
        } else {
            return Err(meta.error("unknown option; the options are `name` and `description`"));
        };
        let text: LitStr = meta.value()?.parse()?;
        if text.value().trim().is_empty() {
            return Err(Error::new(text.span(), "must not be empty"));
        }
        *slot = Some(text);
        Ok(())
    }
}

fn expand(function: &ItemFn, options: &Options) -> Result<Tokens, Error> {
    let signature = &function.sig;
    check(signature)?;
    let input = input_type(signature)?;
    let result = result_type(signature)?;
    let ident = &signature.ident;
    let name = options.name.as_ref().map_or_else(|| ident.to_string(), LitStr::value);
    let description =
        options.description.as_ref().map_or_else(|| documentation(&function.attrs), LitStr::value);
    let (input_schema, call) = match input {
        Some(input) => (
            quote!(::tasker_handler::__private::input_schema::<#input>()),
            quote!(#ident(context, ::tasker_handler::__private::read_input::<#input>(context)?)),
        ),
        None => (quote!(::core::option::Option::None), quote!(#ident(context))),
    };
    Ok(quote! {
        #function

        const _: () = {
            ::tasker_handler::__private::inventory::submit! {
                ::tasker_handler::__private::Registration {
                    name: #name,
                    description: #description,
                    input_schema: || #input_schema,
                    result_schema: || ::tasker_handler::__private::result_schema::<#result>(),
                    run: |context| ::tasker_handler::__private::answer(#call),
                }
            }
        };
    })
}

fn check(signature: &Signature) -> Result<(), Error> {
    if let Some(token) = &signature.asyncness {
        return Err(Error::new(
            token.span,
            "a handler cannot be async: it runs alone in its sandbox, so call blocking functions",
        ));
    }
    if !signature.generics.params.is_empty() {
        return Err(Error::new(
            signature.generics.span(),
            "a handler cannot be generic: its schemas need concrete types",
        ));
    }
    Ok(())
}

/// The type of the input, if the handler takes one.
fn input_type(signature: &Signature) -> Result<Option<&Type>, Error> {
    const SHAPE: &str = "a handler takes `ctx: &Context` and, optionally, the task's input: \
        `fn handle(ctx: &Context, input: MyInput) -> Result<MyResult, Failure>`";
    let mut types = Vec::new();
    for argument in &signature.inputs {
        match argument {
            FnArg::Typed(typed) => types.push(&*typed.ty),
            FnArg::Receiver(receiver) => return Err(Error::new(receiver.span(), SHAPE)),
        }
    }
    match types.as_slice() {
        [Type::Reference(_)] => Ok(None),
        [Type::Reference(_), Type::Reference(input)] => {
            Err(Error::new(input.span(), "take the input by value: the handler owns it"))
        }
        [Type::Reference(_), input] => Ok(Some(input)),
        // An empty list of arguments has no span.
        [] => Err(Error::new(signature.ident.span(), SHAPE)),
        _ => Err(Error::new(signature.inputs.span(), SHAPE)),
    }
}

/// The `T` of `Result<T, _>`.
fn result_type(signature: &Signature) -> Result<Tokens, Error> {
    match &signature.output {
        ReturnType::Type(_, output) => {
            Ok(quote!(<#output as ::tasker_handler::__private::HandlerResult>::Success))
        }
        ReturnType::Default => Err(Error::new(
            signature.ident.span(),
            "a handler returns `Result<T, Failure>`; return `Ok(())` if it has no result",
        )),
    }
}

/// The first paragraph of a doc comment.
fn documentation(attributes: &[Attribute]) -> String {
    let line = |attribute: &Attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    };
    let paragraph = attributes.iter().filter_map(line).take_while(|line| !line.is_empty());
    paragraph.collect::<Vec<_>>().join(" ")
}
