;; A library that others link to, as compilers write it: its memory and its table begin where its loader says.
(module $base.so
  (@dylink.0 (mem-info (memory 64 4) (table 2 0)))
  (type $step (func (param i32) (result i32)))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 2 funcref))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  (global (export "calls") i32 (i32.const 8))
  (global $digits i32 (i32.add (global.get $memory_base) (i32.const 16)))
  (global $next (mut i32) (i32.const 0))
  (global $calls_here (mut i32) (i32.const 0))
  (elem (global.get $table_base) $add_one $subtract_one)
  (data (global.get $memory_base) "\2a\00\00\00")
  (data (i32.add (global.get $memory_base) (i32.const 16)) "0123456789")
  (data $passive "\07")

  ;; Memory behind everything else. Never freed: one call per instance.
  (func $allocate (export "allocate") (param $size i32) (result i32)
    (local $at i32)
    (if (i32.eqz (global.get $next))
      (then (global.set $next (i32.mul (memory.grow (i32.const 2)) (i32.const 65536)))))
    (local.tee $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
    (global.set $next (i32.add (local.get $at) (local.get $size))))

  (func $add_one (export "add_one") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func $subtract_one (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)))
  (func $double (export "double") (param i32) (result i32) (i32.shl (local.get 0) (i32.const 1)))

  ;; 42 from an active segment and 7 from a passive one, plus 1 and minus 1 by indirect calls.
  (func $constants (export "constants") (result i32)
    (local $at i32)
    (local.set $at (call $allocate (i32.const 8)))
    (memory.init $passive (local.get $at) (i32.const 0) (i32.const 1))
    (i32.add (i32.load (global.get $memory_base)) (i32.load8_u (local.get $at)))
    (call_indirect (type $step) (global.get $table_base))
    (call_indirect (type $step) (i32.add (global.get $table_base) (i32.const 1))))

  ;; The number of earlier calls in this instance.
  (func $count (export "count") (result i32)
    (global.get $calls_here)
    (global.set $calls_here (i32.add (global.get $calls_here) (i32.const 1))))

  (func $divide (export "divide") (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))

  ;; Writes a number in decimal. Returns its length.
  (func $print (export "print") (param $value i32) (param $at i32) (result i32)
    (local $length i32)
    (if (i32.ge_u (local.get $value) (i32.const 10))
      (then (local.set $length
        (call $print (i32.div_u (local.get $value) (i32.const 10)) (local.get $at)))))
    (i32.store8 (i32.add (local.get $at) (local.get $length))
      (i32.load8_u (i32.add (global.get $digits) (i32.rem_u (local.get $value) (i32.const 10)))))
    (i32.add (local.get $length) (i32.const 1))))
