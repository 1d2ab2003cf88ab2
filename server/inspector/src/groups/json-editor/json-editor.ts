import {
  autocompletion,
  type Completion,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import { Annotation, EditorState, StateEffect, StateField } from '@codemirror/state'
import { Decoration, type DecorationSet, drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view'
import type { MethodNode } from '@halibut-gateway/schemas/contract'
import type { ContractJson } from '@halibut-gateway/schemas/wire'
import { jsonChoices } from '../../values/json-completion.ts'
import type { TextProblem } from '../../values/json-places.ts'
import type { TextRange } from '../../values/json-text.ts'
import { changeBetween } from '../../values/text-change.ts'
import { colours, theme } from './editor-style.ts'

/** What an editor of JSON is made with. */
export interface JsonEditorOptions {
  readonly label: string
  readonly text: string
  /** Somebody has changed it. */
  readonly onEdit: (text: string) => void
  /** The method whose arguments it is. */
  readonly method: () => { readonly json: ContractJson; readonly method: MethodNode } | undefined
}

/** An editor of JSON in the page. */
export interface JsonEditor {
  /** Shows another text; the place where one is stays, and what was there can be had back. */
  show(text: string): void
  /** Marks what is wrong. */
  mark(problems: readonly TextProblem[]): void
  /** Covers what nobody is to read over a shoulder: it goes along with what is typed, until other places are told. */
  cover(secrets: readonly TextRange[]): void
  /** Goes to a place. */
  goTo(at: number): void
  close(): void
}

const fromOutside = Annotation.define<true>()
const setSecrets = StateEffect.define<readonly TextRange[]>()
const covered = Decoration.mark({ class: 'cm-secret', inclusive: true })

const secretPlaces = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (before, { changes, effects, state }) => {
    const told = effects.find(each => each.is(setSecrets))
    if (!told) return before.map(changes)
    const { length } = state.doc
    const within = told.value.filter(({ from, to }: TextRange) => from < to && to <= length)
    return Decoration.set(
      within.map(({ from, to }: TextRange) => covered.range(from, to)),
      true,
    )
  },
  provide: field => EditorView.decorations.from(field),
})

/**
 * An editor inside of `place`. It lives in a shadow tree, since its styles are then adopted style sheets, which the page’s policy allows where it
 * forbids inline ones.
 */
export function createJsonEditor(place: HTMLElement, { label, text, onEdit, method }: JsonEditorOptions): JsonEditor {
  const host = document.createElement('div')
  place.replaceChildren(host)
  const root = host.attachShadow({ mode: 'open' })
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [({ state, pos, explicit }) => completions(method(), state, pos, explicit)], icons: false }),
        lintGutter(),
        json(),
        syntaxHighlighting(colours),
        theme,
        secretPlaces,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
        // What the page does on this key it does from here too, and Tab leads on.
        keymap.of([{ key: 'Mod-Enter', run: () => true }, ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of(update => {
          const isOurs = update.transactions.some(each => each.annotation(fromOutside))
          if (update.docChanged && !isOurs) onEdit(update.state.doc.toString())
        }),
      ],
    }),
  })
  // To those outside of the shadow tree a letter typed here looks as if it was typed nowhere.
  host.addEventListener('keydown', event => {
    if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) event.stopPropagation()
  })
  return {
    show: next => {
      const change = changeBetween(view.state.doc.toString(), next)
      if (change) view.dispatch({ changes: change, annotations: fromOutside.of(true) })
    },
    mark: problems => {
      const { length } = view.state.doc
      const diagnostics = problems.map(({ place: { from, to }, message }) => ({
        from: Math.min(from, length),
        to: Math.min(Math.max(to, from), length),
        severity: 'error' as const,
        message,
      }))
      view.dispatch(setDiagnostics(view.state, diagnostics))
    },
    cover: secrets => {
      if (secrets.length > 0 || view.state.field(secretPlaces).size > 0) view.dispatch({ effects: setSecrets.of(secrets) })
    },
    goTo: at => {
      view.dispatch({ selection: { anchor: Math.min(at, view.state.doc.length) }, scrollIntoView: true })
      view.focus()
    },
    close: () => view.destroy(),
  }
}

function completions(
  of: ReturnType<JsonEditorOptions['method']>,
  state: EditorState,
  at: number,
  isAsked: boolean,
): CompletionResult | null {
  // While one writes, they come with a letter or a quote; between values where one asks.
  if (!isAsked && !/[\w"$]/.test(state.sliceDoc(at - 1, at))) return null
  const found = of && jsonChoices(of.json, of.method, state.doc.toString(), at)
  if (!found) return null
  const options = found.choices.map(({ label, insert, detail, about, kind }): Completion => {
    const apply = (view: EditorView, _: Completion, from: number, to: number): void => {
      const indent = /^\s*/.exec(view.state.doc.lineAt(from).text)?.[0] ?? ''
      const written = insert.replaceAll('\n', `\n${indent}`)
      view.dispatch({ changes: { from, to: Math.max(to, found.to), insert: written }, selection: { anchor: from + written.length } })
    }
    return { label, detail, apply, type: kind, ...(about === undefined ? {} : { info: about }) }
  })
  return { from: found.from, to: at, options, filter: false }
}
