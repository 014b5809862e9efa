// The modules that the component's engine provides.

declare module "tasker:handler/execution@1.0.0" { const module: any; export default module; }
declare module "wasi:config/store@0.2.0-rc.1" { const module: any; export default module; }
declare module "wasi:logging/logging@0.1.0-draft" { const module: any; export default module; }
declare module "wasi:random/random@0.2.12" { const module: any; export default module; }
declare module "wasi:keyvalue/store@0.2.0-draft2" { const module: any; export default module; }
declare module "wasi:keyvalue/atomics@0.2.0-draft2" { const module: any; export default module; }
declare module "wasi:keyvalue/batch@0.2.0-draft2" { const module: any; export default module; }
declare module "host:http/types@0.2.10" { const module: any; export default module; }
declare module "host:http/outgoing-handler@0.2.10" { const module: any; export default module; }
