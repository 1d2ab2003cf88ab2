import { describeType, type Marks, type TypeNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import type { ComponentChildren, JSX } from 'preact'
import { form } from '../../page.ts'

/** A field for a value of a contract’s type. The value is its JSON form. */
export interface FieldProps {
  readonly label: string
  readonly json: ContractJson
  readonly type: TypeNode
  /** What the contract says of it beside its type. */
  readonly marks?: Marks | undefined
  readonly value: unknown
  /** JSON pointer into the arguments. */
  readonly path: string
  readonly onChange: (value: unknown) => void
  /** The field of a value that stands in this one. */
  readonly field: (props: FieldProps) => JSX.Element
}

/** A field with its label, and below it what is wrong, or a hint. */
export function Labelled(props: {
  id: string
  label: string
  type: TypeNode
  marks?: Marks | undefined
  path: string
  hint?: string | undefined
  /** What is wrong, where the field knows better than the contract. */
  problem?: string | undefined
  /** Takes a file that is dropped anywhere on the field. */
  onFile?: ((file: File) => void) | undefined
  children: ComponentChildren
}) {
  const { onFile } = props
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: whoever cannot drop a file chooses it in the field
    <div
      class="field"
      data-path={props.path}
      onDragOver={event => {
        if (onFile) event.preventDefault()
      }}
      onDrop={event => {
        const file = event.dataTransfer?.files[0]
        if (!onFile || !file) return
        event.preventDefault()
        onFile(file)
      }}
    >
      <label for={props.id}>
        {props.label} <span class="type">{describeType(props.type)}</span>
        {props.marks?.deprecated && <span class="type">deprecated</span>}
      </label>
      {props.children}
      <Note id={props.id} path={props.path} marks={props.marks} hint={props.hint} problem={props.problem} />
    </div>
  )
}

/** What is wrong at a place, or else what helps there. */
function Note(props: { id: string; path: string; marks?: Marks | undefined; hint?: string | undefined; problem?: string | undefined }) {
  const error = form.errors.value.get(props.path)
  const problem = props.problem ?? (error && `Expected ${error.expected}`)
  const hint = [props.marks?.description, props.hint].filter(text => text !== undefined).join(' · ')
  if (problem !== undefined) {
    return (
      <p class="problem" id={`${props.id}-note`}>
        {problem}
      </p>
    )
  }
  return hint === '' ? null : (
    <p class="hint" id={`${props.id}-note`}>
      {hint}
    </p>
  )
}

/** A frame around fields that belong together. */
export function FieldGroup(props: FieldProps & { id: string; hint?: string | undefined; children: ComponentChildren }) {
  return (
    <fieldset data-path={props.path}>
      <legend>
        {props.label} <span class="type">{describeType(props.type)}</span>
      </legend>
      {props.children}
      <Note id={props.id} path={props.path} marks={props.marks} hint={props.hint} />
    </fieldset>
  )
}
