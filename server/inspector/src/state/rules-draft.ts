import type { MethodResult, RulesDocument } from '@halibut-gateway/schemas'
import { computed, type ReadonlySignal, signal } from '@preact/signals'
import { readJson, type TextProblem } from '../values/json-places.ts'
import { checkRules } from '../values/rules-check.ts'
import type { Session } from './session.ts'

export type Rules = MethodResult<'rules.get'>['rules']
export type Preview = MethodResult<'rules.preview'>

/** What is being changed about the rules. One text holds all of it, whether somebody writes that or fills in a form. */
export interface RulesDraft {
  /** Whether somebody is at it. */
  readonly isOpen: ReadonlySignal<boolean>
  readonly text: ReadonlySignal<string>
  /** What is wrong with the text, and where. */
  readonly problems: ReadonlySignal<readonly TextProblem[]>
  /** What the text says; `undefined` where something is wrong with it. */
  readonly document: ReadonlySignal<RulesDocument | undefined>
  /** What it would change, of the very text that stands there now. */
  readonly preview: ReadonlySignal<Preview | undefined>
  /** Begins with the rules as they are; what was begun before stays. */
  open(rules: Rules): void
  write(text: string): void
  /** Changes what the text says; not where something is wrong with it. */
  edit(change: (document: RulesDocument) => RulesDocument): void
  /** Asks what it would change. Rejects with the gateway’s error. */
  look(): Promise<void>
  /** Puts it in the place of the rules that it began with. Rejects as the gateway does, and where nobody has looked what it would change. */
  save(): Promise<Rules>
  discard(): void
}

export function createRulesDraft(session: Pick<Session, 'client' | 'request'>): RulesDraft {
  const base = signal<Rules | undefined>(undefined)
  const text = signal('')
  const looked = signal<{ readonly text: string; readonly preview: Preview } | undefined>(undefined)
  const read = computed(() => {
    const json = readJson(text.value)
    if (!json.ok) return { problems: [json.problem] }
    const issues = checkRules(json.value)
    const problems = issues.map(({ pointer, message }): TextProblem => ({ place: json.placeOf(pointer), message }))
    return problems.length > 0 ? { problems } : { problems, document: json.value as RulesDocument }
  })
  const preview = computed(() => (looked.value?.text === text.value ? looked.value.preview : undefined))
  const discard = (): void => {
    base.value = undefined
    looked.value = undefined
    text.value = ''
  }
  session.client.subscribe(discard)
  return {
    isOpen: computed(() => base.value !== undefined),
    text,
    problems: computed(() => read.value.problems),
    document: computed(() => read.value.document),
    preview,
    open: rules => {
      if (base.peek()) return
      base.value = rules
      text.value = formatDocument(rules.document)
    },
    write: next => {
      text.value = next
    },
    edit: change => {
      const { document } = read.peek()
      if (document) text.value = formatDocument(change(document))
    },
    look: async () => {
      const { document } = read.peek()
      if (!document) return
      const asked = text.peek()
      const told = await session.request('rules.preview', { document })
      looked.value = { text: asked, preview: told }
    },
    save: async () => {
      const { document } = read.peek()
      const from = base.peek()
      if (!document || !from || !preview.peek()) throw new Error('look what it would change first')
      const { rules } = await session.request('rules.set', { version: from.version, document })
      discard()
      return rules
    },
    discard,
  }
}

/** As a person writes it: a rule over several lines, a list on one. */
export function formatDocument(document: RulesDocument): string {
  const inLine = (value: unknown): string => JSON.stringify(value)
  const block = (value: object): string => {
    const members = Object.entries(value).map(
      ([name, member]) => `      ${inLine(name)}: ${Array.isArray(member) ? `[${member.map(inLine).join(', ')}]` : inLine(member)}`,
    )
    return `    {\n${members.join(',\n')}\n    }`
  }
  const list = (values: readonly object[]): string => (values.length === 0 ? '[]' : `[\n${values.map(block).join(',\n')}\n  ]`)
  const parts = [`  "rules": ${list(document.rules)}`, ...(document.tests ? [`  "tests": ${list(document.tests)}`] : [])]
  return `{\n${parts.join(',\n')}\n}\n`
}
