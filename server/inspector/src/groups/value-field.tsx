import { describeType, type Marks, type MemberNode, type TypeNode } from '@halibut-gateway/schemas/contract'
import { base64urlToBytes, bytesToBase64url, type ContractJson, escapePointer, isBase64url } from '@halibut-gateway/schemas/wire'
import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { Choices } from '../elements/choices.tsx'
import { form } from '../page.ts'
import { type ByteForm, bestForm, byteForms, formatBytesAs, parseBytesAs } from '../values/bytes-forms.ts'
import { pickers } from '../values/date-pickers.ts'
import { definitionOf, firstValue } from '../values/form-values.ts'
import { formatBytes } from '../values/format.ts'

/** A field for a value of a contract’s type. The value is its JSON form. */
export interface FieldProps {
  readonly label: string
  readonly json: ContractJson
  readonly type: TypeNode
  /** What the contract says of it beside its type. */
  readonly marks?: Marks
  readonly value: unknown
  /** JSON pointer into the arguments. */
  readonly path: string
  readonly onChange: (value: unknown) => void
}

const numberTypes = new Set(['sbyte', 'byte', 'int16', 'uint16', 'int32', 'uint32', 'float', 'double'])
/** Longer bytes are not shown in a field. */
const shownFieldBytes = 65_536
const digitTypes = new Set([...numberTypes, 'int64', 'uint64', 'bigInteger', 'decimal'])
const hints: Readonly<Record<string, string>> = {
  timeSpan: 'ISO 8601 duration, for example PT1M30S',
  dateTime: 'RFC 3339, for example 2030-01-02T03:04:05Z',
  dateTimeOffset: 'RFC 3339, for example 2030-01-02T03:04:05Z',
  dateOnly: '2030-01-02',
  timeOnly: '03:04:05',
  guid: '01234567-89ab-cdef-0123-456789abcdef',
}

/** The field that fits a type; JSON text where no other does. */
export function ValueField(props: FieldProps) {
  const { type, json } = props
  if (typeof type === 'string') {
    const definition = definitionOf(json, type)
    if (definition && 'enum' in definition && !definition.flags) return <ChoiceField {...props} choices={Object.keys(definition.values)} />
    if (definition && 'object' in definition && !definition.abstract && definition.kind !== 'interface' && props.value !== null) {
      return <ObjectField {...props} members={definition.members} />
    }
    if (type === 'bool') return <SwitchField {...props} />
    if (type === 'dataStream') return <FileField {...props} />
    if (type === 'bytes') return <BytesField {...props} />
    if (!definition && type !== 'object') return <TextField {...props} />
    return <JsonField {...props} />
  }
  if ('nullable' in type) {
    return props.marks?.required ? <ValueField {...props} type={type.nullable} /> : <NullableField {...props} inner={type.nullable} />
  }
  const item = 'list' in type ? type.list : 'array' in type && (type.rank ?? 1) === 1 ? type.array : 'set' in type ? type.set : undefined
  if (item !== undefined && Array.isArray(props.value)) return <ListField {...props} item={item} items={props.value} />
  return <JsonField {...props} />
}

function Labelled(props: {
  id: string
  label: string
  type: TypeNode
  marks?: Marks | undefined
  path: string
  hint?: string | undefined
  /** What is wrong, where the field knows better than the contract. */
  problem?: string | undefined
  children: ComponentChildren
}) {
  const error = form.errors.value.get(props.path)
  const problem = props.problem ?? (error && `Expected ${error.expected}`)
  const hint = [props.marks?.description, props.hint].filter(text => text !== undefined).join(' · ')
  return (
    <div class="field">
      <label for={props.id}>
        {props.label} <span class="type">{describeType(props.type)}</span>
        {props.marks?.deprecated && <span class="type">deprecated</span>}
      </label>
      {props.children}
      {problem !== undefined ? (
        <p class="problem" id={`${props.id}-note`}>
          {problem}
        </p>
      ) : (
        hint !== '' && (
          <p class="hint" id={`${props.id}-note`}>
            {hint}
          </p>
        )
      )}
    </div>
  )
}

function TextField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  const name = String(type)
  const isNumber = numberTypes.has(name)
  // What is typed stays as it is typed while it is the same number: "1." and "1.50" are on their way somewhere.
  const typed = useSignal<string | undefined>(undefined)
  const shown =
    typed.value !== undefined && sameNumber(typed.value, value) ? typed.value : value === null || value === undefined ? '' : String(value)
  const shared = {
    id,
    autocomplete: 'off',
    spellcheck: false,
    class: name === 'string' ? '' : 'mono',
    maxLength: name === 'string' ? marks?.maxLength : undefined,
    value: isNumber ? shown : typeof value === 'string' || typeof value === 'number' ? String(value) : '',
    'aria-invalid': form.errors.value.has(path),
    'aria-describedby': `${id}-note`,
    onInput: (event: { readonly currentTarget: HTMLInputElement }) => {
      const text = event.currentTarget.value
      typed.value = text
      onChange(isNumber ? toNumber(text) : text)
    },
  }
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path} hint={hints[name]}>
      {marks?.secret ? (
        <input {...shared} type="password" />
      ) : (
        <span class="with-picker">
          <input {...shared} type="text" inputMode={digitTypes.has(name) ? 'decimal' : undefined} />
          <DatePicker type={name} label={label} value={value} onPick={onChange} />
        </span>
      )}
    </Labelled>
  )
}

/** Picks a date or a time with the mouse; the text beside it takes any. */
function DatePicker(props: { type: string; label: string; value: unknown; onPick: (text: string) => void }) {
  const picker = pickers[props.type]
  if (!picker) return null
  return (
    <input
      class="picker"
      type={picker.input}
      step={picker.step}
      aria-label={`Pick ${props.label}`}
      value={picker.show(String(props.value))}
      onChange={event => {
        const { value } = event.currentTarget
        if (value !== '') props.onPick(picker.pick(value))
      }}
    />
  )
}

/** A JSON number where the text is one; else the text, which the check then refuses with its reason. */
function toNumber(text: string): unknown {
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text
}

function sameNumber(text: string, value: unknown): boolean {
  return toNumber(text) === value
}

function SwitchField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path}>
      <input id={id} type="checkbox" checked={value === true} onChange={event => onChange(event.currentTarget.checked)} />
    </Labelled>
  )
}

/** Bytes, typed as text, hex or base64, or out of a file. */
function BytesField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  const kind = useSignal<ByteForm>('text')
  const typed = useSignal<string | undefined>(undefined)
  const file = useSignal<string | undefined>(undefined)
  const bytes = typeof value === 'string' && isBase64url(value) ? base64urlToBytes(value) : undefined
  const isBroken = typed.value !== undefined && parseBytesAs(kind.value, typed.value) === undefined
  const take = (text: string): void => {
    typed.value = text
    file.value = undefined
    const parsed = parseBytesAs(kind.value, text)
    // What is no bytes yet is refused where the arguments are checked.
    onChange(parsed ? bytesToBase64url(parsed) : '?')
  }
  const drop = async (dropped: File | undefined): Promise<void> => {
    if (!dropped) return
    typed.value = undefined
    file.value = dropped.name
    const content = new Uint8Array(await dropped.arrayBuffer())
    if (bestForm(content) === 'hex') kind.value = 'hex'
    onChange(bytesToBase64url(content))
  }
  const hint = `${formatBytes(bytes?.length ?? 0)}${file.value === undefined ? '' : ` of ${file.value}`}`
  const problem = isBroken ? `This is no ${kind.value} yet.` : undefined
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path} hint={hint} problem={problem}>
      <textarea
        id={id}
        rows={2}
        class="mono"
        spellcheck={false}
        autocomplete="off"
        value={typed.value ?? (bytes && bytes.length <= shownFieldBytes ? formatBytesAs(kind.value, bytes) : '')}
        placeholder={bytes && bytes.length > shownFieldBytes ? 'too long to be shown' : undefined}
        aria-invalid={isBroken || form.errors.value.has(path)}
        aria-describedby={`${id}-note`}
        onInput={event => take(event.currentTarget.value)}
        onDragOver={event => event.preventDefault()}
        onDrop={event => {
          event.preventDefault()
          void drop(event.dataTransfer?.files[0])
        }}
      />
      <div class="row wrap">
        <Choices
          label={`${label} is typed as`}
          all={byteForms}
          chosen={kind.value}
          onChoose={each => {
            kind.value = each
            typed.value = undefined
          }}
        />
        <input
          type="file"
          class="file"
          aria-label={`${label} out of a file`}
          onChange={event => void drop(event.currentTarget.files?.[0])}
        />
      </div>
    </Labelled>
  )
}

function FileField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  return (
    <Labelled
      id={id}
      label={label}
      type={type}
      marks={marks}
      path={path}
      hint={value instanceof File ? formatBytes(value.size) : undefined}
    >
      <input
        id={id}
        type="file"
        class="file"
        aria-invalid={form.errors.value.has(path)}
        aria-describedby={`${id}-note`}
        onChange={event => onChange(event.currentTarget.files?.[0] ?? null)}
      />
    </Labelled>
  )
}

function ChoiceField({ label, type, marks, value, path, onChange, choices }: FieldProps & { choices: readonly string[] }) {
  const id = useId()
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path}>
      <select id={id} value={String(value)} onChange={event => onChange(event.currentTarget.value)}>
        {choices.map(choice => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

function ObjectField(props: FieldProps & { members: readonly MemberNode[] }) {
  const value = (typeof props.value === 'object' && props.value !== null ? props.value : {}) as Record<string, unknown>
  return (
    <fieldset>
      <legend>
        {props.label} <span class="type">{describeType(props.type)}</span>
      </legend>
      {props.members.map(member => (
        <ValueField
          key={member.name}
          label={member.name}
          json={props.json}
          type={member.type}
          marks={member}
          value={value[member.name]}
          path={`${props.path}/${escapePointer(member.name)}`}
          onChange={next => props.onChange({ ...value, [member.name]: next })}
        />
      ))}
    </fieldset>
  )
}

function NullableField(props: FieldProps & { inner: TypeNode }) {
  const id = useId()
  const toggle = (
    <input
      id={id}
      type="checkbox"
      checked={props.value === null || props.value === undefined}
      onChange={event => props.onChange(event.currentTarget.checked ? null : firstValue(props.json, props.inner))}
    />
  )
  return (
    <div class="nullable">
      {props.value === null || props.value === undefined ? (
        <div class="field">
          <span class="label">
            {props.label} <span class="type">{describeType(props.type)}</span>
          </span>
        </div>
      ) : (
        <ValueField {...props} type={props.inner} />
      )}
      <label class="null" for={id}>
        {toggle} null
      </label>
    </div>
  )
}

function ListField(props: FieldProps & { item: TypeNode; items: readonly unknown[] }) {
  const { items, item, json, onChange } = props
  return (
    <fieldset>
      <legend>
        {props.label} <span class="type">{describeType(props.type)}</span>
      </legend>
      {items.map((each, i) => (
        <div class="item" key={i}>
          <ValueField
            label={`${i}`}
            json={json}
            type={item}
            value={each}
            path={`${props.path}/${i}`}
            onChange={next => onChange(items.map((old, at) => (at === i ? next : old)))}
          />
          <button
            type="button"
            class="small"
            aria-label={`Remove ${props.label} ${i}`}
            onClick={() => onChange(items.filter((_, at) => at !== i))}
          >
            Remove
          </button>
        </div>
      ))}
      <button type="button" class="small" onClick={() => onChange([...items, firstValue(json, item)])}>
        Add an item
      </button>
    </fieldset>
  )
}

function JsonField({ label, type, marks, value, path, onChange }: FieldProps) {
  const id = useId()
  const typed = useSignal<string | undefined>(undefined)
  const broken = useSignal(false)
  return (
    <Labelled id={id} label={label} type={type} marks={marks} path={path} hint={broken.value ? 'This is not JSON yet.' : 'JSON'}>
      <textarea
        id={id}
        rows={4}
        class="mono"
        spellcheck={false}
        value={typed.value ?? JSON.stringify(value, null, 2)}
        aria-describedby={`${id}-note`}
        onInput={event => {
          typed.value = event.currentTarget.value
          try {
            onChange(JSON.parse(event.currentTarget.value))
            broken.value = false
          } catch {
            broken.value = true
          }
        }}
      />
    </Labelled>
  )
}
