// A form from a JSON Schema: a field for each value, with what is wrong beside it.
// @ts-check
import { html, useState } from '../html.mjs';
import { choiceLabel, columnsOf, fieldsOf, firstValue, kindOf, resolve } from '../schema.mjs';
import { Icon } from './basics.mjs';

/** @typedef {{ root: any, wrong: Record<string, string>, shown: boolean, set: (path: (string | number)[], value: any) => void, id: string }} Form */

const pointer = (/** @type {(string | number)[]} */ path) => path.map((part) => `/${part}`).join('');
const problem = (/** @type {Form} */ form, /** @type {(string | number)[]} */ path, /** @type {any} */ value) => {
  const text = form.wrong[pointer(path)];
  // What is only missing is not blamed before one has tried to start.
  return text && (form.shown || (value !== undefined && value !== '')) ? text : '';
};

function Input({ form, path, schema, value, label }) {
  const id = `${form.id}${pointer(path)}`;
  const error = problem(form, path, value);
  const kind = kindOf(schema);
  const common = { id, 'aria-invalid': error ? 'true' : undefined, 'aria-describedby': error ? `${id}-e` : undefined, 'aria-label': label };
  const set = (/** @type {any} */ next) => form.set(path, next);
  if (kind === 'enum')
    return html`<select class="input" ...${common} value=${JSON.stringify(value)} onChange=${(/** @type {any} */ e) => set(JSON.parse(e.target.value))}>${value === undefined ? html`<option value="">–</option>` : ''}${schema.enum.map((/** @type {any} */ one) => html`<option key=${JSON.stringify(one)} value=${JSON.stringify(one)}>${String(one)}</option>`)}</select>`;
  if (kind === 'const') return html`<input class="input mono" ...${common} readonly value=${JSON.stringify(schema.const)} />`;
  if (kind === 'boolean')
    return html`<input class="check" type="checkbox" ...${common} checked=${value === true} onChange=${(/** @type {any} */ e) => set(e.target.checked)} />`;
  if (kind === 'integer' || kind === 'number')
    return html`<input class="input num" inputmode="decimal" ...${common} value=${value ?? ''} onInput=${(/** @type {any} */ e) => {
      const text = e.target.value.trim();
      set(text === '' ? undefined : /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : text);
    }} />`;
  if (kind === 'text')
    return html`<textarea class="input" rows="4" ...${common} value=${value ?? ''} onInput=${(/** @type {any} */ e) => set(e.target.value === '' ? undefined : e.target.value)}></textarea>`;
  if (kind === 'json') return html`<${Free} common=${common} value=${value} set=${set} />`;
  return html`<input class="input ${schema.pattern || schema.format === 'uuid' ? 'mono' : ''}" autocomplete="off" ...${common} placeholder=${schema.examples?.[0] ?? schema.format ?? ''} value=${value ?? ''} onInput=${(/** @type {any} */ e) => set(e.target.value === '' ? undefined : e.target.value)} />`;
}

/** A value without a type: JSON, or plain text where it is none. */
function Free({ common, value, set }) {
  const [text, setText] = useState(() => (value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)));
  const type = (/** @type {string} */ next) => {
    setText(next);
    if (next.trim() === '') {
      set(undefined);
      return;
    }
    try {
      set(JSON.parse(next));
    } catch {
      set(next);
    }
  };
  return html`<input class="input mono" autocomplete="off" ...${common} value=${text} onInput=${(/** @type {any} */ e) => type(e.target.value)} />`;
}

const Err = ({ form, path, value }) => {
  const text = problem(form, path, value);
  return text ? html`<span class="err" id="${form.id}${pointer(path)}-e">${text}</span>` : '';
};

/** A field of any kind. @param {{ form: Form, path: (string | number)[], schema: any, value: any, name: string, required: boolean }} props */
function Field({ form, path, schema: given, value, name, required }) {
  const schema = resolve(given, form.root);
  const kind = kindOf(schema);
  if (kind === 'object')
    return html`<${Fieldset} form=${form} path=${path} schema=${schema} value=${value} name=${name} required=${required} />`;
  if (kind === 'array') return html`<${Items} form=${form} path=${path} schema=${schema} value=${value} name=${name} />`;
  if (kind === 'choice')
    return html`<${Choice} form=${form} path=${path} schema=${schema} value=${value} name=${name} required=${required} />`;
  const label = html`<label for="${form.id}${pointer(path)}" title=${schema.description}>${name}${required ? '' : html`<span class="req">optional</span>`}</label>`;
  if (kind === 'boolean')
    return html`<div class="field inline"><${Input} form=${form} path=${path} schema=${schema} value=${value} />${label}</div>`;
  return html`<div class="field">${label}<${Input} form=${form} path=${path} schema=${schema} value=${value} />${schema.description ? html`<span class="small dim">${schema.description}</span>` : ''}<${Err} form=${form} path=${path} value=${value} /></div>`;
}

function Fieldset({ form, path, schema, value, name, required }) {
  const isThere = value !== undefined;
  if (!isThere && !required)
    return html`<div class="section fs"><button class="btn sm ghost addb" type="button" onClick=${() => form.set(path, firstValue(schema, form.root) ?? {})}><${Icon} name="plus" small />Add ${name}</button></div>`;
  return html`<fieldset class="section fs"><legend>${name}</legend>${required ? '' : html`<button class="btn ghost sm remove" type="button" onClick=${() => form.set(path, undefined)}>Remove</button>`}<${Fields} form=${form} path=${path} schema=${schema} value=${value ?? {}} /><${Err} form=${form} path=${path} value=${value} /></fieldset>`;
}

/** How many of six columns each field takes: short ones go beside long ones, long ones in pairs. @param {('wide' | 'short' | 'long')[]} sizes */
export function spans(sizes) {
  const out = [];
  for (let i = 0; i < sizes.length; i += 1) {
    const [size, next] = [sizes[i], sizes[i + 1]];
    if (size === 'long' && next === 'short') {
      out.push(4, 2);
      i += 1;
    } else if (size === 'short' && next === 'long') {
      out.push(2, 4);
      i += 1;
    } else if (size !== 'wide' && size === next) {
      out.push(3, 3);
      i += 1;
    } else out.push(6);
  }
  return out;
}

/** The fields of an object. */
export function Fields({ form, path, schema, value }) {
  const fields = fieldsOf(schema);
  const sizes = fields.map(([, one]) => {
    const is = resolve(one, form.root);
    const kind = kindOf(is);
    return ['object', 'array', 'choice', 'text'].includes(kind)
      ? 'wide'
      : ['integer', 'number', 'boolean', 'enum'].includes(kind) || (is.maxLength ?? 99) <= 12
        ? 'short'
        : 'long';
  });
  const columns = spans(/** @type {any} */ (sizes));
  return html`<div class="fields">${fields.map(([name, one, required], i) => html`<div key=${name} class="f-${columns[i]} ${sizes[i] === 'wide' ? '' : 'plain-field'}"><${Field} form=${form} path=${[...path, name]} schema=${one} value=${value?.[name]} name=${name} required=${required} /></div>`)}</div>`;
}

function Items({ form, path, schema, value, name }) {
  const items = Array.isArray(value) ? value : [];
  const columns = columnsOf(schema, form.root);
  const add = () => form.set(path, [...items, firstValue(schema.items ?? {}, form.root)]);
  const remove = (/** @type {number} */ i) => form.set([...path, i], undefined);
  const error = form.wrong[pointer(path)];
  const style = columns
    ? {
        gridTemplateColumns: `${columns.map(([, one]) => (['integer', 'number', 'boolean'].includes(kindOf(resolve(one, form.root))) ? 'minmax(56px, 100px)' : 'minmax(0, 1fr)')).join(' ')} 24px`,
      }
    : undefined;
  return html`<fieldset class="section fs"><legend>${name} <span class="tag">${items.length}</span></legend>
    ${columns && items.length ? html`<div class="ih micro" style=${style}>${columns.map(([column, one]) => html`<span key=${column} class=${['integer', 'number'].includes(kindOf(resolve(one, form.root))) ? 'num' : ''}>${column}</span>`)}<span></span></div>` : ''}
    <ul class="items">${items.map((item, i) =>
      columns
        ? html`<li key=${i} style=${style}>${columns.map(([column, one]) => html`<${Input} key=${column} form=${form} path=${[...path, i, column]} schema=${resolve(one, form.root)} value=${item?.[column]} label="${name} ${i + 1}, ${column}" />`)}<button class="btn ghost sm icon" type="button" aria-label="Remove item ${i + 1} of ${name}" onClick=${() => remove(i)}><${Icon} name="x" small /></button>${columns.map(
            ([column]) => {
              const text = problem(form, [...path, i, column], item?.[column]);
              return text
                ? html`<span class="err row-err" key=${`e${column}`} id="${form.id}${pointer([...path, i, column])}-e">${column} ${text}</span>`
                : '';
            },
          )}</li>`
        : html`<li key=${i} class="single"><${Field} form=${form} path=${[...path, i]} schema=${schema.items ?? {}} value=${item} name="${name} ${i + 1}" required /><button class="btn ghost sm icon" type="button" aria-label="Remove item ${i + 1} of ${name}" onClick=${() => remove(i)}><${Icon} name="x" small /></button></li>`,
    )}</ul>
    <button class="btn sm ghost addb" type="button" onClick=${add}><${Icon} name="plus" small />Add an item</button>${error && (form.shown || items.length) ? html`<span class="err">${error}</span>` : ''}</fieldset>`;
}

function Choice({ form, path, schema, value, name, required }) {
  const options = schema.oneOf ?? schema.anyOf;
  const [at, set] = useState(0);
  const pick = (/** @type {number} */ i) => {
    set(i);
    form.set(path, firstValue(options[i], form.root));
  };
  const chosen = resolve(options[at], form.root);
  return html`<fieldset class="section fs"><legend>${name}</legend><div class="group">${options.map((/** @type {any} */ one, /** @type {number} */ i) => html`<button class="btn sm" type="button" key=${i} aria-pressed=${i === at} onClick=${() => pick(i)}>${choiceLabel(resolve(one, form.root), i)}</button>`)}</div>${kindOf(chosen) === 'object' ? html`<${Fields} form=${form} path=${path} schema=${chosen} value=${value} />` : html`<${Input} form=${form} path=${path} schema=${chosen} value=${value} label=${name} />`}<${Err} form=${form} path=${path} value=${value} />${required ? '' : html`<button class="btn ghost sm addb" type="button" onClick=${() => form.set(path, undefined)}>Leave out</button>`}</fieldset>`;
}
