import type { Preview } from '../../../state/rules-draft.ts'
import { counted } from '../../../values/format.ts'
import { groupChanges } from '../../../values/rule-changes.ts'
import { TestsVerdict } from './rule-tests.tsx'

const namedAgents = 8
const shownGroups = 100

/** Who would gain and who would lose what, of those who can sign in now and those whom the tests name. */
export function PreviewView({ preview }: { preview: Preview }) {
  const { changes, more, tests } = preview
  const groups = groupChanges(changes)
  return (
    <section class="panel preview" aria-label="What it would change">
      <div class="row wrap">
        <h3>What it would change</h3>
        {tests.length > 0 && <TestsVerdict results={tests} />}
      </div>
      {changes.length === 0 && <p>Nothing: nobody who can sign in now gains or loses anything.</p>}
      <ul class="changes">
        {groups.slice(0, shownGroups).map(({ who, role, change, what, agents, reason }) => (
          <li key={`${change} ${who} ${role} ${what} ${agents[0]}`} class={change} data-change={change}>
            <b>{change === 'gains' ? '+' : '−'}</b> {who} ({role}) {change} the right {what}{' '}
            {agents.length <= namedAgents
              ? agents.join(', ')
              : `${agents.slice(0, namedAgents).join(', ')} and ${counted(agents.length - namedAgents, 'more agent')}`}
            : <span class="quiet">{reason}</span>
          </li>
        ))}
      </ul>
      {(groups.length > shownGroups || more > 0) && (
        <p class="hint">
          And {counted(more + changes.length, 'change')} in all: these are the first. Narrow the change down to see each of them.
        </p>
      )}
    </section>
  )
}
