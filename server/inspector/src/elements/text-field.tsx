import type { Signal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'

type OfInput = 'ref' | 'class' | 'placeholder' | 'required' | 'maxLength' | 'spellcheck' | 'aria-invalid' | 'aria-describedby'

interface TextFieldProps extends Pick<JSX.IntrinsicElements['input'], OfInput> {
  readonly label: string
  readonly id: string
  readonly text: Signal<string>
  /** The id of a list of suggestions. */
  readonly list?: string
  /** What stands below it. */
  readonly children?: ComponentChildren
}

/** A line of text with its label; `text` follows what is typed. */
export function TextField({ label, id, text, list, children, ...input }: TextFieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...input}
        id={id}
        type="text"
        list={list}
        autocomplete="off"
        value={text.value}
        onInput={event => {
          text.value = event.currentTarget.value
        }}
      />
      {children}
    </div>
  )
}
