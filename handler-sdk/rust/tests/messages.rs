//! What the compiler tells the author of a handler that cannot be one.

#[test]
fn a_function_that_cannot_be_a_handler_is_refused_with_advice() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
