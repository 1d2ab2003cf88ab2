import { asTemplate, type Collection, type SavedCall, type Verdict } from '@halibut-gateway/schemas/collection'
import { RelativeTime } from '../../elements/relative-time.tsx'
import { JsonView } from '../../groups/json-view.tsx'
import { contracts } from '../../page.ts'
import { savedCalls, savedRuns } from '../../saved.ts'
import type { CameOf } from '../../state/saved-runs.ts'
import { formatMs } from '../../values/format.ts'
import { type JsonType, resultTypeByName } from '../../values/typed-json.ts'
import { VerdictMark } from './verdict-mark.tsx'

/** What came of a saved call last, at each agent, and what its assertions say to that now: nothing is sent for it. */
export function CameOfCall({ id, collection, call }: { id: string; collection: Collection; call: SavedCall }) {
  const came = savedRuns.cameOf(id, call.name)
  if (came.length === 0) return null
  return (
    <ul class="came-of" aria-label="Results" aria-live="polite">
      {came.map(each => (
        <Result key={each.agent} id={id} collection={collection} call={call} came={each} isOnly={came.length === 1} />
      ))}
    </ul>
  )
}

function Result(props: { id: string; collection: Collection; call: SavedCall; came: CameOf; isOnly: boolean }) {
  const { id, collection, call, came } = props
  const { verdicts, shown } = savedRuns.judge(id, collection, call, came)
  const isPassed = verdicts.every(({ passed }) => passed)
  return (
    <li class="came">
      <div class="row wrap">
        <VerdictMark verdict={isPassed ? 'passed' : 'failed'} />
        <b>{came.agent}</b>
        <span class="quiet">
          {shown.at === 'answered' && `answered in ${formatMs(shown.durationMs)}`}
          {shown.at === 'failed' && `failed after ${formatMs(shown.elapsedMs)}`}
          {shown.at === 'not_made' && 'not made'}
        </span>
        <span class="quiet">
          <RelativeTime at={came.at} after=" ago" />
        </span>
        {shown.at === 'answered' && !came.told && (
          <button
            type="button"
            class="small"
            onClick={() =>
              savedCalls.change(id, before => ({
                ...before,
                calls: before.calls.map(each =>
                  each.name === call.name
                    ? { ...each, assertions: [...(each.assertions ?? []), { path: '$', equals: asTemplate(shown.value) }] }
                    : each,
                ),
              }))
            }
          >
            Expect this answer
          </button>
        )}
      </div>
      <Verdicts verdicts={verdicts} />
      {came.told && (
        <p class="hint">This answer was long, and is not kept: what has changed since is looked at when the call is run again.</p>
      )}
      {shown.at === 'failed' && <p class="problem">{`${shown.kind}: ${shown.message}`}</p>}
      {shown.at === 'answered' && !came.told && (
        <details open={props.isOnly}>
          <summary>Answer</summary>
          <JsonView value={shown.value} label={`Answer of ${came.agent}`} name={call.name} type={typeOf(call, came.agent)} />
        </details>
      )}
    </li>
  )
}

/** By the contract of the agent, where the call says its service and its method without variables. */
function typeOf({ service, method }: SavedCall, agent: string): JsonType | undefined {
  return resultTypeByName(contracts.of(service, agent), method)
}

function Verdicts({ verdicts }: { verdicts: readonly Verdict[] }) {
  if (verdicts.length === 0) return <p class="hint">It was answered, and nothing else is expected of it.</p>
  return (
    <ul class="verdicts">
      {verdicts.map((verdict, index) => (
        <li key={index} data-passed={verdict.passed}>
          <VerdictMark verdict={verdict.passed ? 'passed' : 'failed'} />
          <span>
            <code>{verdict.assertion}</code>
            {!verdict.passed && (
              <span class="reason">
                expected <code>{verdict.expected}</code>, seen <code>{verdict.seen}</code>
                {verdict.path !== undefined && (
                  <>
                    {' '}
                    at <code>{verdict.path}</code>
                  </>
                )}
              </span>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}
