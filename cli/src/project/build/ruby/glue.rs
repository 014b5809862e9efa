//! The functions that stand between the interpreter and the imports of a component.
//!
//! The interpreter was built for a host in JavaScript. One of that host's functions, which passes an integer, becomes the
//! way out: the integer is the address of a frame, an array of 64-bit slots. The first slot has the number of the function
//! to call, the others its arguments. The result replaces the number.

use wasm_encoder::{BlockType, Function, MemArg, ValType};

use super::bindings::Import;

/// The numbers of what the SDK needs besides the imports, which follow.
const COPY: u32 = 0;
const ALLOCATE: u32 = 1;
const SHRINK: u32 = 2;
const FIRST_IMPORT: u32 = 3;

/// The bytes for a stored stack, at the address in a global.
pub(super) const WIDE_BYTES: i32 = 256 << 10;

/// A slot of a frame.
fn slot(number: u32) -> MemArg {
    MemArg { offset: u64::from(number) * 8, align: 3, memory_index: 0 }
}

/// A word in memory.
fn word(offset: u64) -> MemArg {
    MemArg { offset, align: 2, memory_index: 0 }
}

/// The indexes of what the glue calls.
#[derive(Debug, Clone, Copy)]
pub(super) struct Targets {
    /// `cabi_realloc(old, old_size, alignment, new_size) -> address`.
    pub(super) realloc: u32,
    /// `rb-funcallv-protect(receiver, method, arguments, count) -> address of (value, state)`.
    pub(super) call: u32,
    /// The globals with the object that handles calls, and the name of its method.
    pub(super) receiver: u32,
    pub(super) method: u32,
    /// The first of the imports.
    pub(super) imports: u32,
}

/// Calls what a frame says: `(address) -> 0`.
pub(super) fn dispatch(imports: &[Import], targets: Targets) -> Function {
    let count = FIRST_IMPORT + u32::try_from(imports.len()).expect("a world has few functions");
    let mut function = Function::new([]);
    let mut code = function.instructions();
    // One block around the code of each number, and one for all other numbers.
    for _ in 0..=count {
        code.block(BlockType::Empty);
    }
    code.local_get(0).i32_load(word(0)).br_table((0..count).collect::<Vec<_>>(), count);
    for number in 0..count {
        code.end();
        match number {
            COPY => {
                code.local_get(0).i32_load(slot_word(1));
                code.local_get(0).i32_load(slot_word(2));
                code.local_get(0).i32_load(slot_word(3));
                code.memory_copy(0, 0);
            }
            ALLOCATE => {
                code.local_get(0).i32_const(0).i32_const(0);
                code.local_get(0).i32_load(slot_word(2));
                code.local_get(0).i32_load(slot_word(1));
                code.call(targets.realloc).i64_extend_i32_u().i64_store(slot(0));
            }
            SHRINK => {
                code.local_get(0).i32_load(slot_word(1));
                code.local_get(0).i32_load(slot_word(2));
                code.i32_const(1).i32_const(1).call(targets.realloc).drop();
            }
            _ => {
                let index = number - FIRST_IMPORT;
                let import = &imports[index as usize];
                code.local_get(0);
                for (place, param) in (1..).zip(&import.params) {
                    code.local_get(0);
                    match param {
                        ValType::I64 => code.i64_load(slot(place)),
                        ValType::F32 => code.f32_load(slot_word(place)),
                        ValType::F64 => code.f64_load(slot(place)),
                        _ => code.i32_load(slot_word(place)),
                    };
                }
                code.call(targets.imports + index);
                match import.results.first() {
                    None => code.drop(),
                    Some(ValType::I64) => code.i64_store(slot(0)),
                    Some(ValType::F32) => code.f32_store(slot_word(0)),
                    Some(ValType::F64) => code.f64_store(slot(0)),
                    Some(_) => code.i64_extend_i32_u().i64_store(slot(0)),
                };
            }
        }
        code.i32_const(0).return_();
    }
    code.end().unreachable().end();
    function
}

fn slot_word(number: u32) -> MemArg {
    word(u64::from(number) * 8)
}

/// Calls the SDK with an address, and returns the address that it returns. Without parameter, passes 0.
pub(super) fn export(targets: Targets, has_parameter: bool) -> Function {
    let local = u32::from(has_parameter);
    let mut function = Function::new([(1, ValType::I32)]);
    let mut code = function.instructions();
    // The list of arguments: one small integer of the interpreter.
    code.i32_const(0).i32_const(0).i32_const(4).i32_const(4).call(targets.realloc).local_tee(local);
    if has_parameter {
        code.local_get(0);
    } else {
        code.i32_const(0);
    }
    code.i32_const(1).i32_shl().i32_const(1).i32_or().i32_store(word(0));
    code.global_get(targets.receiver).global_get(targets.method).local_get(local).i32_const(1);
    code.call(targets.call).local_tee(local).i32_load(word(4));
    // The SDK lets no exception out.
    code.if_(BlockType::Empty).unreachable().end();
    code.local_get(local).i32_load(word(0)).i32_const(1).i32_shr_u().end();
    function
}

/// Begins to store the stack of the interpreter, which it does to collect garbage and to raise exceptions: `(address)`.
///
/// The stack is stored between the two addresses at that address. The interpreter has static buffers of 24 KiB for it, and ends
/// when the stack of its C functions is larger, which JSON of 100 levels makes it. So it gets a larger one instead; of these buffers, one
/// is used at a time.
pub(super) fn store_stack(store: u32, wide: u32, statics: std::ops::Range<u32>) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    let address = |value: u32| i32::try_from(value).expect("a module's own data are below 2 GiB");
    code.local_get(0).i32_const(address(statics.end)).i32_lt_u();
    code.global_get(wide).i32_const(0).i32_ne().i32_and();
    code.local_get(0).i32_const(address(statics.start)).i32_ge_u().i32_and();
    code.if_(BlockType::Empty);
    code.local_get(0).global_get(wide).i32_store(word(0));
    code.local_get(0).global_get(wide).i32_const(WIDE_BYTES).i32_add().i32_store(word(4));
    code.end().local_get(0).call(store).end();
    function
}

/// Returns its parameter.
pub(super) fn identity() -> Function {
    let mut function = Function::new([]);
    function.instructions().local_get(0).end();
    function
}

/// Does nothing.
pub(super) fn nothing() -> Function {
    let mut function = Function::new([]);
    function.instructions().end();
    function
}

/// Ends the execution: what the interpreter would ask a host in JavaScript for.
pub(super) fn missing() -> Function {
    let mut function = Function::new([]);
    function.instructions().unreachable().end();
    function
}
