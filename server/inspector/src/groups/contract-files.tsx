import { ProblemBox } from '../elements/problem-box.tsx'
import { useAction } from '../elements/use-action.ts'
import { contracts, session } from '../page.ts'
import { NotForYou } from './not-for-you.tsx'

/** No contract that the gateway takes has more bytes. */
const mostBytes = 1024 * 1024

/** Adds contracts for all agents out of their files, where somebody finds that they are missing. `onAdded`: the services that they are of. */
export function ContractFiles({ onAdded }: { onAdded: (services: readonly string[]) => void }) {
  const action = useAction()
  if (!session.may('contracts.write')) return <NotForYou right="contracts.write" what="Adding contracts" />
  const add = (files: readonly File[]): Promise<boolean> =>
    action.run(async () => {
      const added: string[] = []
      try {
        for (const file of files) added.push((await session.request('contracts.add', { contract: await documentIn(file) })).service)
      } finally {
        // Those before one that is refused are there.
        if (added.length > 0) {
          contracts.relist()
          onAdded(added)
        }
      }
    })
  return (
    <>
      <p class="hint">
        A sample agent has written its own into <code>.halibut-agent/</code>, its name and <code>/contracts</code>, and prints the commands
        that add them.
      </p>
      <div class="row wrap">
        <label class="button small file-button">
          {action.isBusy.value ? 'Adding…' : 'Open contract files'}
          <input
            type="file"
            class="off-screen"
            accept=".json,application/json"
            multiple
            disabled={action.isBusy.value}
            onChange={event => {
              const files = [...(event.currentTarget.files ?? [])]
              event.currentTarget.value = ''
              void add(files)
            }}
          />
        </label>
      </div>
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
    </>
  )
}

async function documentIn(file: File): Promise<Record<string, unknown>> {
  if (file.size > mostBytes) throw new Error(`${file.name} has ${file.size} bytes, and is no contract`)
  try {
    return JSON.parse(await file.text()) as Record<string, unknown>
  } catch {
    throw new Error(`${file.name} is no JSON, and a contract is`)
  }
}
