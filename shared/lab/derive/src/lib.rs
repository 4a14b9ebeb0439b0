//! `#[derive(Columns)]`: a field's doc comment is what its column means.
//!
//! A field of a row is described once, where it is declared:
//!
//! ```ignore
//! #[derive(Serialize, Deserialize, Columns)]
//! struct Row {
//!     /// Largest violation of a marginal.
//!     #[column(absolute = 1e-9)]
//!     error: f64,
//!     /// Time of a call, the fastest of several.
//!     #[column(time, unit = "s")]
//!     seconds: f64,
//! }
//! ```
//!
//! | attribute | meaning |
//! |---|---|
//! | `unit = "…"` | the unit, shown in the heading |
//! | `within = x` | floats of another processor agree to this relative tolerance, below 1; 1e-6 if nothing is said |
//! | `absolute = x` | they agree to this distance: for residuals near zero, and counts that depend on rounding |
//! | `time` | a measured time, which never repeats |
//!
//! Schemas by `schemars` were tried on two experiments and say the same in more words (`#[schemars(extend("x-within" = 0.2))]`), looked up by name
//! at run time: a misspelt key is silently no tolerance. Here it does not compile.

use proc_macro::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Expr, Field, Fields, Lit, Meta, parse_macro_input};

/// Implements `lab::Columns` for a struct with named, documented fields.
#[proc_macro_derive(Columns, attributes(column))]
pub fn columns(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    described(&input).unwrap_or_else(|fault| fault.to_compile_error()).into()
}

fn described(input: &DeriveInput) -> syn::Result<proc_macro2::TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(syn::Error::new_spanned(&input.ident, "a row is a struct with named fields"));
    };
    let columns = match &data.fields {
        Fields::Named(fields) => fields.named.iter().map(column).collect::<syn::Result<Vec<_>>>()?,
        Fields::Unit => Vec::new(),
        Fields::Unnamed(_) => {
            return Err(syn::Error::new_spanned(&input.ident, "a row is a struct with named fields"));
        }
    };
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #generics ::lab::Columns for #name #arguments #bounds {
            fn columns() -> ::std::vec::Vec<::lab::Column> {
                ::std::vec![#(#columns),*]
            }
        }
    })
}

fn column(field: &Field) -> syn::Result<proc_macro2::TokenStream> {
    let name = field.ident.as_ref().expect("the fields are named").unraw().to_string();
    let (mut timed, mut tolerant) = (false, false);
    let mut meaning = Vec::new();
    let mut calls = Vec::new();
    for attribute in &field.attrs {
        if attribute.path().is_ident("doc") {
            let Meta::NameValue(line) = &attribute.meta else { continue };
            let Expr::Lit(line) = &line.value else { continue };
            let Lit::Str(line) = &line.lit else { continue };
            meaning.push(line.value().trim().to_owned());
        } else if attribute.path().is_ident("column") {
            attribute.parse_nested_meta(|part| {
                calls.push(if part.path.is_ident("unit") {
                    let unit: syn::LitStr = part.value()?.parse()?;
                    quote!(.unit(#unit))
                } else if part.path.is_ident("within") {
                    let relative = part.value()?.parse::<Lit>()?;
                    if number(&relative).is_none_or(|relative| !(0.0..1.0).contains(&relative)) {
                        let fault =
                            "a relative tolerance is a number below 1; name an absolute one beyond that";
                        return Err(syn::Error::new_spanned(relative, fault));
                    }
                    tolerant = true;
                    quote!(.within(#relative as f64))
                } else if part.path.is_ident("absolute") {
                    let distance = part.value()?.parse::<Lit>()?;
                    if number(&distance).is_none_or(|distance| distance < 0.0) {
                        return Err(syn::Error::new_spanned(distance, "expected a number of at least 0"));
                    }
                    tolerant = true;
                    quote!(.absolute(#distance as f64))
                } else if part.path.is_ident("time") {
                    timed = true;
                    quote!(.time())
                } else {
                    return Err(part.error("expected unit, within, absolute or time"));
                });
                Ok(())
            })?;
        }
    }
    if timed && tolerant {
        return Err(syn::Error::new_spanned(field, format!("`{name}` is a time, which has no tolerance")));
    }
    let meaning = meaning.join(" ");
    let meaning = meaning.trim().trim_end_matches('.');
    if meaning.is_empty() {
        return Err(syn::Error::new_spanned(
            field,
            format!("`{name}` has no doc comment, which would be its column's meaning"),
        ));
    }
    Ok(quote!(::lab::Column::new(#name, #meaning) #(#calls)*))
}

fn number(literal: &Lit) -> Option<f64> {
    match literal {
        Lit::Float(number) => number.base10_parse().ok(),
        Lit::Int(number) => number.base10_parse().ok(),
        _ => None,
    }
}
