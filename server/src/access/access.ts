import type { RulesDocument } from '@halibut-gateway/schemas'
import { hasRight, type Right } from '@halibut-gateway/schemas/wire'
import { HalibutError } from '../base/errors.ts'
import { type LogSink, silentLog } from '../base/log.ts'
import { messageOf } from '../base/message-of.ts'
import { OneAtATime } from '../base/one-at-a-time.ts'
import type { Change, Store } from '../store/store.ts'
import { type Decision, decide } from './decide.ts'
import type { Target } from './grant-index.ts'
import type { Principal } from './principal.ts'
import { invalidRules, noRules, openRules, RuleSet } from './rule-set.ts'
import { checkRuleTests } from './rule-tests.ts'

/** Where the rules are kept. */
export type RulesStore = Pick<Store, 'meta' | 'change'>

/** The rules as they are kept: the document, and which one it is. */
interface KeptRules {
  readonly revision: number
  readonly document: RulesDocument
}

const recordId = 'rules'

/** Who may reach what at this moment. */
export class Access {
  readonly #store: RulesStore | undefined
  readonly #settings: RulesDocument
  readonly #listeners = new Set<() => void>()
  #document: RulesDocument
  #rules: RuleSet
  #revision: number
  readonly #changes = new OneAtATime()

  /**
   * With the rules of the settings, which come first and stay, and those of the store; {@link openRules} where there are none of either. Their own
   * tests are not run: what was written stays in force. Of those of the store that cannot be read none counts, so that nobody may do more than before.
   */
  constructor(store?: RulesStore, settings: RulesDocument = noRules, log: LogSink = silentLog) {
    this.#store = store
    this.#settings = settings
    const text = store?.meta.get(recordId)?.text
    const first = settings.rules.length > 0 ? noRules : openRules
    const kept = text === undefined ? { revision: 0, document: first } : readRules(text, log)
    this.#document = kept.document
    this.#rules = this.with(kept.document)
    this.#revision = kept.revision
  }

  /** All that count: those of the settings, then those that can be changed. */
  get rules(): RuleSet {
    return this.#rules
  }

  /** Those that can be changed while the gateway runs. */
  get document(): RulesDocument {
    return this.#document
  }

  /** Those of the settings. */
  get settings(): RulesDocument {
    return this.#settings
  }

  /** The rules as they would count with these in the place of those that can be changed. Throws `invalid_argument` with place and reason. */
  with(document: unknown): RuleSet {
    const own = new RuleSet(document)
    const { rules, tests = [] } = this.#settings
    if (rules.length === 0 && tests.length === 0) return own
    const names = new Set(rules.map(({ name }) => name))
    const at = own.document.rules.findIndex(({ name }) => names.has(name))
    const { name } = own.document.rules[at] ?? {}
    if (name !== undefined) throw invalidRules(`rules/${at}/name`, `a rule of the settings has the name ${JSON.stringify(name)} already`)
    return new RuleSet({ rules: [...rules, ...own.document.rules], tests: [...tests, ...(own.document.tests ?? [])] })
  }

  /** Counts the changes of the rules. */
  get revision(): number {
    return this.#revision
  }

  /** What {@link decide} says by the present rules. */
  decide(principal: Principal, right: Right, target?: Target): Decision {
    return decide(this.#rules, principal, right, target)
  }

  /** Whether a principal sees every agent, whatever it is called. */
  seesAll(principal: Principal): boolean {
    const { role, scope } = principal
    return role === 'admin' || (scope === undefined && hasRight(role, 'agents.read') && this.#rules.seesAll(principal))
  }

  /**
   * Puts other rules in the place of those of a revision (default: whichever there are), and keeps them, within `within` (default: a change by itself). Rejects with `invalid_argument` where they
   * are not acceptable or do not pass their own tests, and with `version_conflict` where somebody has changed them meanwhile.
   */
  change(document: unknown, revision?: number, within?: Change): Promise<number> {
    return this.#changes.run(async () => {
      if (revision !== undefined && revision !== this.#revision) {
        throw new HalibutError('version_conflict', `the rules are in version ${this.#revision}, and this would replace version ${revision}`)
      }
      const rules = this.with(document)
      checkRuleTests(rules)
      const kept: KeptRules = { revision: this.#revision + 1, document: document as RulesDocument }
      const keep: Change = within ?? (act => (this.#store as RulesStore).change(act))
      if (within || this.#store) await keep(draft => draft.meta.put({ id: recordId, text: JSON.stringify(kept) }))
      this.#document = kept.document
      this.#rules = rules
      this.#revision = kept.revision
      for (const listener of this.#listeners) listener()
      return kept.revision
    })
  }

  /** Calls `listener` after each change of the rules; gives a function that ends this. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }
}

/** Somebody may have changed them, or the disk. */
function readRules(text: string, log: LogSink): KeptRules {
  try {
    const { revision, document } = JSON.parse(text) as KeptRules
    if (Number.isSafeInteger(revision)) return { revision, document: new RuleSet(document).document }
    throw new TypeError('they have no revision')
  } catch (why) {
    log('error', 'the rules that were written cannot be read, and allow nothing until others are written', {
      cause: messageOf(why),
    })
    return { revision: 0, document: noRules }
  }
}
