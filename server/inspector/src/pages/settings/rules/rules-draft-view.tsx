import type { Rule, RulesDocument } from '@halibut-gateway/schemas'
import { useSignal } from '@preact/signals'
import { ProblemBox } from '../../../elements/problem-box.tsx'
import { useAction } from '../../../elements/use-action.ts'
import { DocumentEditor } from '../../../groups/document-editor.tsx'
import type { Rules } from '../../../state/rules-draft.ts'
import { draft, rules as loaded } from '../settings-stores.ts'
import { PreviewView } from './preview-view.tsx'
import { RuleForm } from './rule-form.tsx'
import { TestList } from './rule-tests.tsx'
import { RuleRow } from './rules-table.tsx'

const ways = ['one by one', 'as a file'] as const

/** The rules as somebody changes them: nothing counts before it was looked at and saved. */
export function RulesDraftView({ rules }: { rules: Rules }) {
  const way = useSignal<(typeof ways)[number]>('one by one')
  const action = useAction()
  const refused = useSignal<Error | undefined>(undefined)
  const document = draft.document.value
  const preview = draft.preview.value
  const fails = preview?.tests.some(({ passed }) => !passed) === true
  const save = (): Promise<boolean> => action.run(async () => loaded.set(await draft.save()))
  return (
    <section class="section draft" aria-label="Change the rules">
      <div class="row wrap">
        <h2>Change the rules</h2>
        <span class="spacer" />
        <fieldset class="choices" aria-label="How">
          {ways.map(each => (
            <button
              type="button"
              key={each}
              class="small"
              aria-pressed={each === way.value}
              onClick={() => {
                way.value = each
              }}
            >
              {each}
            </button>
          ))}
        </fieldset>
      </div>
      {way.value === 'as a file' || !document ? (
        <DocumentEditor
          id="rules-text"
          label="The rules as JSON"
          text={draft.text.value}
          problems={draft.problems.value}
          rows={22}
          onChange={text => {
            refused.value = undefined
            draft.write(text)
          }}
          onRefused={why => {
            refused.value = why
          }}
        />
      ) : (
        <OneByOne document={document} readOnly={rules.readOnly} />
      )}
      {refused.value && <ProblemBox error={refused.value} />}
      {preview && <PreviewView preview={preview} />}
      {document && preview && <TestList tests={document.tests ?? []} results={preview.tests} />}
      {action.problem.value !== undefined && <ProblemBox error={action.problem.value} />}
      <div class="row wrap save-bar">
        {preview ? (
          <button type="button" class="primary" disabled={action.isBusy.value || fails} onClick={() => void save()}>
            Save these rules
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={action.isBusy.value || !document}
            onClick={() => void action.run(() => draft.look())}
          >
            {action.isBusy.value ? 'Looking…' : 'Look what it would change'}
          </button>
        )}
        <button type="button" onClick={() => draft.discard()}>
          Discard
        </button>
        {fails && <span class="problem">Rules that do not pass their own tests are refused.</span>}
      </div>
    </section>
  )
}

function OneByOne({ document, readOnly }: { document: RulesDocument; readOnly: readonly Rule[] }) {
  const editing = useSignal<number | 'new' | undefined>(undefined)
  const close = (): void => {
    editing.value = undefined
  }
  const change = (rules: RulesDocument['rules']): void => draft.edit(each => ({ ...each, rules }))
  const all = document.rules
  const move = (from: number, to: number): void => {
    const moved = all.toSpliced(from, 1)
    const rule = all[from]
    if (rule) change(moved.toSpliced(to, 0, rule))
  }
  return (
    <>
      <ol class="rules">
        {readOnly.map((rule, i) => (
          <RuleRow key={rule.name} rule={rule} place={`settings/rules/${i}`} isReadOnly />
        ))}
        {all.map((rule, i) =>
          editing.value === i ? (
            <li key={rule.name} class="panel">
              <RuleForm
                rule={rule}
                taken={namesBut(all, i)}
                onSave={next => {
                  change(all.with(i, next))
                  close()
                }}
                onClose={close}
              />
            </li>
          ) : (
            <RuleRow key={rule.name} rule={rule} place={`rules/${i}`}>
              <div class="row wrap acts">
                <button type="button" class="small" disabled={i === 0} aria-label={`Move ${rule.name} up`} onClick={() => move(i, i - 1)}>
                  ↑
                </button>
                <button
                  type="button"
                  class="small"
                  disabled={i === all.length - 1}
                  aria-label={`Move ${rule.name} down`}
                  onClick={() => move(i, i + 1)}
                >
                  ↓
                </button>
                <button
                  type="button"
                  class="small"
                  onClick={() => {
                    editing.value = i
                  }}
                >
                  Edit
                </button>
                <button type="button" class="small" onClick={() => change(all.toSpliced(i, 1))}>
                  Remove
                </button>
              </div>
            </RuleRow>
          ),
        )}
      </ol>
      {editing.value === 'new' ? (
        <div class="panel">
          <RuleForm
            rule={undefined}
            taken={all.map(({ name }) => name)}
            onSave={next => {
              change([...all, next])
              close()
            }}
            onClose={close}
          />
        </div>
      ) : (
        <div class="row">
          <button
            type="button"
            onClick={() => {
              editing.value = 'new'
            }}
          >
            Add a rule…
          </button>
        </div>
      )}
    </>
  )
}

function namesBut(rules: readonly Rule[], at: number): string[] {
  return rules.filter((_, i) => i !== at).map(({ name }) => name)
}
