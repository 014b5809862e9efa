//! Evaluates constant expressions.
//!
//! A linked module computes addresses from globals that it imports (`__memory_base`, `__table_base`). Their values are
//! known once the modules are merged. A host can prepare memory and tables whose contents are constants.

use wasm_encoder::ConstExpr;
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasmparser::{HeapType, Operator};

use crate::refusal::Refusal;

/// The value of a constant expression.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Constant {
    I32(i32),
    I64(i64),
    /// Its bits.
    F32(u32),
    /// Its bits.
    F64(u64),
    V128(i128),
    Null(HeapType),
    /// A function, by its index in the merged module.
    Function(u32),
}

impl Constant {
    /// Evaluates an expression. `global` returns the value of a global of its module, `function` the new index of a function.
    pub(crate) fn evaluate(
        expression: &wasmparser::ConstExpr<'_>,
        global: impl Fn(u32) -> Option<Self>,
        function: impl Fn(u32) -> Result<u32, Refusal>,
    ) -> Result<Self, Refusal> {
        let mut stack: Vec<Self> = Vec::new();
        for operator in expression.get_operators_reader() {
            let value = match operator? {
                Operator::End => continue,
                Operator::I32Const { value } => Self::I32(value),
                Operator::I64Const { value } => Self::I64(value),
                Operator::F32Const { value } => Self::F32(value.bits()),
                Operator::F64Const { value } => Self::F64(value.bits()),
                Operator::V128Const { value } => Self::V128(value.i128()),
                Operator::RefNull { hty } => Self::Null(hty),
                Operator::RefFunc { function_index } => Self::Function(function(function_index)?),
                Operator::GlobalGet { global_index } => global(global_index).ok_or_else(not_constant)?,
                operator => {
                    let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
                        return Err(not_constant());
                    };
                    calculate(&operator, left, right)?
                }
            };
            stack.push(value);
        }
        match stack[..] {
            [value] => Ok(value),
            _ => Err(not_constant()),
        }
    }

    pub(crate) fn encode(self) -> Result<ConstExpr, Refusal> {
        Ok(match self {
            Self::I32(value) => ConstExpr::i32_const(value),
            Self::I64(value) => ConstExpr::i64_const(value),
            Self::F32(bits) => ConstExpr::f32_const(wasm_encoder::Ieee32::new(bits)),
            Self::F64(bits) => ConstExpr::f64_const(wasm_encoder::Ieee64::new(bits)),
            Self::V128(value) => ConstExpr::v128_const(value),
            Self::Null(HeapType::Abstract { shared, ty }) => {
                let ty = RoundtripReencoder.heap_type(HeapType::Abstract { shared, ty });
                ConstExpr::ref_null(ty.map_err(|_| not_constant())?)
            }
            Self::Null(_) => return Err(Refusal::new("a module has references of its own types")),
            Self::Function(index) => ConstExpr::ref_func(index),
        })
    }
}

fn calculate(operator: &Operator<'_>, left: Constant, right: Constant) -> Result<Constant, Refusal> {
    use Constant::{I32, I64};
    Ok(match (operator, left, right) {
        (Operator::I32Add, I32(left), I32(right)) => I32(left.wrapping_add(right)),
        (Operator::I32Sub, I32(left), I32(right)) => I32(left.wrapping_sub(right)),
        (Operator::I32Mul, I32(left), I32(right)) => I32(left.wrapping_mul(right)),
        (Operator::I64Add, I64(left), I64(right)) => I64(left.wrapping_add(right)),
        (Operator::I64Sub, I64(left), I64(right)) => I64(left.wrapping_sub(right)),
        (Operator::I64Mul, I64(left), I64(right)) => I64(left.wrapping_mul(right)),
        _ => return Err(not_constant()),
    })
}

fn not_constant() -> Refusal {
    Refusal::new("a module has an initial value that is not known before it runs")
}
