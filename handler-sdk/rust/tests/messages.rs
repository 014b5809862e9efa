//! Compiler errors for functions that cannot be handlers.

#[test]
fn a_function_that_cannot_be_a_handler_is_refused_with_advice() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
