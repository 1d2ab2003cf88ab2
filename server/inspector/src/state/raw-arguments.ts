import { computed, effect, type ReadonlySignal, signal } from '@preact/signals'
import { withoutSecrets } from '../values/form-values.ts'
import { pointerPart, type TextProblem } from '../values/json-places.ts'
import { type JsonPlace, type ParsedJson, parseJsonText, patchJsonText, placeOf, type TextRange } from '../values/json-text.ts'
import { secretsIn } from '../values/masked-secrets.ts'
import { withFiles, withNames } from '../values/stream-args.ts'
import type { CallForm } from './call-form.ts'
import { onHandover } from './on-handover.ts'
import type { Session } from './session.ts'

/** The arguments of the form as one JSON text, which somebody edits as they do the form. */
export interface RawArguments {
  readonly text: ReadonlySignal<string>
  /** What is wrong with it, where it stands. */
  readonly problems: ReadonlySignal<readonly TextProblem[]>
  /** What the contract calls a secret, where it stands; `undefined` while nobody can tell, since the text is no JSON. */
  readonly secrets: ReadonlySignal<readonly TextRange[] | undefined>
  /** It is no JSON, and the form has been changed since: either goes on only by somebody’s choice. */
  readonly isBehind: ReadonlySignal<boolean>
  /** The text is this one now; the form follows as soon as it is JSON. */
  edit(text: string): void
  /** The text is given up for what the form has. */
  takeForm(): void
}

/** What somebody typed, and the arguments of the form at that time. */
interface Typed {
  readonly text: string
  readonly args: readonly unknown[]
}

/** The text of a form’s arguments. What somebody typed stays as it is typed, of each method, for as long as it means what the form has. */
export function createRawArguments(form: CallForm, session: Pick<Session, 'client'>): RawArguments {
  const typed = signal<ReadonlyMap<string, Typed>>(new Map())
  onHandover(session, () => {
    typed.value = new Map()
  })

  const mine = computed(() => typed.value.get(form.key.value))
  const state = computed<{ readonly text: string; readonly parsed: ParsedJson; readonly isBehind: boolean }>(() => {
    const args = form.args.value
    const its = mine.value
    if (its) {
      const parsed = parseJsonText(its.text)
      if (its.args === args || !isList(parsed)) return { text: its.text, parsed, isBehind: its.args !== args }
      // What is the same stays as it was written.
      const text = patchJsonText(its.text, parsed, withNames(args))
      return { text, parsed: parseJsonText(text), isBehind: false }
    }
    const text = JSON.stringify(withNames(args), null, 2)
    return { text, parsed: parseJsonText(text), isBehind: false }
  })

  // What is sent is what one sees.
  effect(() => {
    form.isTextBroken.value = !isList(state.value.parsed)
  })

  function keep(text: string): void {
    typed.value = new Map(typed.peek()).set(form.key.peek(), { text, args: form.args.peek() })
  }

  return {
    text: computed(() => state.value.text),
    isBehind: computed(() => state.value.isBehind),
    secrets: computed(() => {
      const { text, parsed } = state.value
      const chosen = form.chosen.value
      if (!chosen || !isList(parsed)) return undefined
      const { json, method } = chosen
      const shown = parsed.value.map((each, i) => withoutSecrets(json, method.params[i] ?? { type: 'object' }, each))
      return secretsIn(parsed.value, shown, [])
        .map(({ path }) => placeOf(parsed.place, path.map(step => `/${pointerPart(String(step))}`).join('')))
        .map(({ from, to }) => (text[from] === '"' ? { from: from + 1, to: to - 1 } : { from, to }))
        .filter(({ from, to }) => to > from)
    }),
    problems: computed(() => {
      const { text, parsed } = state.value
      if (!parsed.ok)
        return [
          { place: { from: Math.min(parsed.at, Math.max(0, text.length - 1)), to: parsed.at + 1 }, message: sentence(parsed.message) },
        ]
      if (!Array.isArray(parsed.value)) return [{ place: { from: 0, to: text.length }, message: 'The arguments are a JSON list: [ … ].' }]
      const wanted = form.chosen.value?.method.params.length ?? 0
      const { length } = parsed.value
      const many = length > wanted ? [tooMany(parsed.place, wanted)] : []
      const missing = form.chosen.value?.method.params.slice(length).map(param => param.name) ?? []
      if (missing.length > 0) {
        const message = `${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing here: what the form has is sent.`
        many.push({ place: { from: Math.max(0, parsed.place.to - 1), to: parsed.place.to }, message })
      }
      const misfits = [...form.errors.value.values()].map(({ path, expected, got }) => ({
        place: placeOf(parsed.place, path),
        message: `Expected ${expected}, got ${got}.`,
      }))
      return [...many, ...misfits]
    }),
    edit: text => {
      const parsed = parseJsonText(text)
      const chosen = form.chosen.peek()
      if (chosen && isList(parsed)) {
        const given = withFiles(chosen.json, chosen.method, parsed.value.slice(0, chosen.method.params.length), form.args.peek())
        form.edit(given)
      }
      keep(text)
    },
    takeForm: () => {
      const left = new Map(typed.peek())
      left.delete(form.key.peek())
      typed.value = left
    },
  }
}

type ParsedList = { readonly ok: true; readonly value: readonly unknown[]; readonly place: JsonPlace }

function isList(parsed: ParsedJson): parsed is ParsedList {
  return parsed.ok && Array.isArray(parsed.value)
}

function tooMany(place: JsonPlace, wanted: number): TextProblem {
  const first = place.parts?.get(String(wanted)) ?? place
  return {
    place: first,
    message: `The method takes ${wanted === 1 ? 'one argument' : `${wanted} arguments`}; this one is left out.`,
  }
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}
