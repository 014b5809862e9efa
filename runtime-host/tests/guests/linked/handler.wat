;; A handler that is linked to the library. Its handlers take a number and answer with one.
(module $handler.so
  (@dylink.0 (mem-info (memory 64 4) (table 1 0)) (needed "base.so"))
  (type $step (func (param i32) (result i32)))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (import "GOT.func" "add_one" (global $add_one (mut i32)))
  (import "GOT.mem" "calls" (global $calls (mut i32)))
  (import "env" "allocate" (func $allocate (param i32) (result i32)))
  (import "env" "double" (func $double (param i32) (result i32)))
  (import "env" "constants" (func $constants (result i32)))
  (import "env" "count" (func $count (result i32)))
  (import "env" "divide" (func $divide (param i32 i32) (result i32)))
  (import "env" "print" (func $print (param i32 i32) (result i32)))
  (import "tasker:handler/execution@1.0.0" "remaining-time-ms" (func $remaining (result i64)))
  (elem (global.get $table_base) $compute)

  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (call $allocate (local.get 3)))

  (func $read (param $at i32) (param $length i32) (result i32)
    (local $value i32)
    (loop $digits
      (if (local.get $length)
        (then
          (local.set $value (i32.add (i32.mul (local.get $value) (i32.const 10))
            (i32.sub (i32.load8_u (local.get $at)) (i32.const 48))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (br $digits))))
    (local.get $value))

  (func $compute (param i32) (result i32)
    (i32.add
      (call_indirect (type $step) (call $double (local.get 0)) (global.get $add_one))
      (call $constants)))

  (func $recurse (param i32) (result i32) (call $recurse (call $recurse (local.get 0))))

  ;; Writes to the pages behind all others, and to what the library and the linker keep.
  (func $leave_traces (param $pages i32) (result i32)
    (local $at i32)
    (local.set $at (i32.mul (memory.grow (local.get $pages)) (i32.const 65536)))
    (memory.fill (local.get $at) (i32.const 171) (i32.mul (local.get $pages) (i32.const 65536)))
    (i32.store (global.get $calls) (i32.const 1))
    (global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 16)))
    (i32.store (global.get $stack_pointer) (i32.const 171))
    (table.set (global.get $add_one) (ref.null func))
    (global.set $calls (i32.const 0))
    (call $count))

  ;; The number of bytes of `leave-traces` that are found, and of calls that were counted before.
  (func $find_traces (param $pages i32) (result i32)
    (local $at i32) (local $end i32) (local $found i32)
    (local.set $at (i32.mul (memory.grow (local.get $pages)) (i32.const 65536)))
    (local.set $end (i32.add (local.get $at) (i32.mul (local.get $pages) (i32.const 65536))))
    (local.set $found (i32.add (call $count) (i32.load (global.get $calls))))
    (loop $bytes
      (local.set $found (i32.add (local.get $found) (i32.ne (i32.load8_u (local.get $at)) (i32.const 0))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (local.get $end))))
    (local.get $found))

  (func $run (param $name i32) (param $value i32) (result i32)
    (if (i32.eq (local.get $name) (i32.const 99)) ;; compute
      (then (return (call_indirect (type $step) (local.get $value) (global.get $table_base)))))
    (if (i32.eq (local.get $name) (i32.const 100)) ;; divide-by-zero
      (then (return (call $divide (local.get $value) (i32.const 0)))))
    (if (i32.eq (local.get $name) (i32.const 116)) ;; time-remains
      (then (return (i64.gt_u (call $remaining) (i64.const 0)))))
    (if (i32.eq (local.get $name) (i32.const 108)) ;; leave-traces
      (then (return (call $leave_traces (local.get $value)))))
    (if (i32.eq (local.get $name) (i32.const 102)) ;; find-traces
      (then (return (call $find_traces (local.get $value)))))
    (if (i32.eq (local.get $name) (i32.const 115)) ;; spin
      (then (loop $forever (br $forever))))
    (if (i32.eq (local.get $name) (i32.const 114)) ;; recurse
      (then (return (call $recurse (local.get $value)))))
    (unreachable))

  (func (export "tasker:handler/step-handler@1.0.0#describe") (result i32) (call $allocate (i32.const 8)))

  ;; `call`: the handler's name, then the context, whose input is at 64.
  (func $handle (export "tasker:handler/step-handler@1.0.0#handle") (param $call i32) (result i32)
    (local $value i32) (local $text i32) (local $outcome i32)
    (local.set $value (call $run (i32.load8_u (i32.load (local.get $call)))
      (call $read (i32.load offset=64 (local.get $call)) (i32.load offset=68 (local.get $call)))))
    (local.set $text (call $allocate (i32.const 16)))
    (local.set $outcome (call $allocate (i32.const 64)))
    (i32.store8 (local.get $outcome) (i32.const 0))
    (i32.store8 offset=8 (local.get $outcome) (i32.const 0))
    (i32.store offset=12 (local.get $outcome) (local.get $text))
    (i32.store offset=16 (local.get $outcome) (call $print (local.get $value) (local.get $text)))
    (local.get $outcome)))
