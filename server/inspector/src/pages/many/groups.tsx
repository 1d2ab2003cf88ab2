import { shortJson } from '@halibut-gateway/schemas/collection'
import { useMemo } from 'preact/hooks'
import { JsonView } from '../../groups/json-view.tsx'
import { contracts, many } from '../../page.ts'
import { type AnswerGroup, isMost, majorityOf } from '../../values/answer-groups.ts'
import { differencesOf } from '../../values/differences.ts'
import { counted } from '../../values/format.ts'
import { isNumeric, type JsonType, resultType, typeAt } from '../../values/typed-json.ts'

/** Groups that are shown, then the rest is counted. */
const mostGroups = 40
const mostNames = 6

interface GroupsProps {
  /** The key of the group that the table is narrowed to. */
  readonly only: string | undefined
  readonly onOnly: (key: string) => void
}

/** Equal answers together: what most say first, and those that say something else against it. */
export function Groups({ only, onOnly }: GroupsProps) {
  const groups = many.groups()
  const majority = majorityOf(groups)
  if (groups.length === 0) return null
  return (
    <section class="panel" aria-label="What they answered">
      <h2>What they answered</h2>
      <ol class="answer-groups">
        {groups.slice(0, mostGroups).map((group, index) => (
          <li key={group.key} class={group.at} data-group={index + 1} data-agents={group.agents.length}>
            <div class="row wrap">
              <button type="button" class="small" aria-pressed={group.key === only} onClick={() => onOnly(group.key)}>
                {counted(group.agents.length, 'agent')}
              </button>
              <b>{titleOf(group, majority, groups)}</b>
              <span class="quiet names">{namesOf(group)}</span>
            </div>
            {group.at === 'failed' ? (
              <p class="problem">
                <code>{group.kind}</code> {group.message}
              </p>
            ) : group === majority || !majority ? (
              <Whole group={group} />
            ) : (
              <Against group={group} majority={majority} who={isMost(majority, groups) ? 'most say' : 'the first say'} />
            )}
          </li>
        ))}
      </ol>
      {groups.length > mostGroups && <p class="hint">and {counted(groups.length - mostGroups, 'more answer')} that differ.</p>}
    </section>
  )
}

function titleOf(group: AnswerGroup, majority: AnswerGroup | undefined, groups: readonly AnswerGroup[]): string {
  if (group.at === 'failed') return 'failed'
  if (group !== majority) return 'answered something else'
  if (groups.length === 1) return 'answered the same'
  return isMost(group, groups) ? 'answered this, which is what most say' : 'answered this'
}

function namesOf({ agents }: AnswerGroup): string {
  const names = agents.slice(0, mostNames).join(', ')
  return agents.length > mostNames ? `${names} and ${(agents.length - mostNames).toLocaleString('en')} more` : names
}

/** By the contract of one that answered so. */
function typeOf({ agents: [agent = ''] }: AnswerGroup): JsonType | undefined {
  const made = many.made.value
  return made && resultType(contracts.of(made.service, agent), made.method)
}

function Whole({ group }: { group: AnswerGroup }) {
  if (!group.isKept) return <p class="hint">The answer is long, and not kept; it is compared by a checksum.</p>
  return <JsonView value={group.value} label="What most answered" name="answer" type={typeOf(group)} />
}

/** The places at which an answer differs from what most say. */
function Against({ group, majority, who }: { group: AnswerGroup; majority: AnswerGroup; who: string }) {
  const type = typeOf(group)
  const differences = useMemo(() => differencesOf(majority.value, group.value), [majority.value, group.value])
  if (!group.isKept || !majority.isKept) return <p class="hint">The answers are long, and not kept; they are compared by a checksum.</p>
  return (
    <>
      <table class="differences">
        <thead>
          <tr>
            <th scope="col">at</th>
            <th scope="col">{who}</th>
            <th scope="col">here</th>
          </tr>
        </thead>
        <tbody>
          {differences.map(({ path, keys, one, other }) => (
            <tr key={path} data-path={path}>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td>
                <Side value={one} type={typeAt(type, keys)} />
              </td>
              <td>
                <Side value={other} type={typeAt(type, keys)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <details>
        <summary>The whole answer</summary>
        <JsonView value={group.value} label="Answer of these agents" name="answer" type={type} />
      </details>
    </>
  )
}

function Side({ value, type }: { value: unknown; type: JsonType | undefined }) {
  if (value === undefined) return <span class="quiet">nothing</span>
  return <code>{isNumeric(type, value) ? value : shortJson(value)}</code>
}
