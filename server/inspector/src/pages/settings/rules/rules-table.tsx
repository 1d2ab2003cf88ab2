import type { Rule } from '@halibut-gateway/schemas'
import type { ComponentChildren } from 'preact'
import { session } from '../../../page.ts'
import type { Rules } from '../../../state/rules-draft.ts'
import { draft } from '../settings-stores.ts'

/** The rules in their order: those of the settings first, which are changed there only. */
export function RulesTable({ rules }: { rules: Rules }) {
  const { readOnly, document } = rules
  return (
    <section class="section" aria-label="Rules">
      <div class="row wrap">
        <h2>
          Rules <span class="quiet">{(readOnly.length + document.rules.length).toLocaleString('en')}</span>
        </h2>
        <span class="spacer" />
        {session.may('rules.write') && (
          <button type="button" class="primary" onClick={() => draft.open(rules)}>
            Change the rules…
          </button>
        )}
      </div>
      <ol class="rules">
        {readOnly.map((rule, i) => (
          <RuleRow key={rule.name} rule={rule} place={`settings/rules/${i}`} isReadOnly />
        ))}
        {document.rules.map((rule, i) => (
          <RuleRow key={rule.name} rule={rule} place={`rules/${i}`} />
        ))}
      </ol>
      {readOnly.length + document.rules.length === 0 && <p class="hint">None: only admins may do something with agents.</p>}
    </section>
  )
}

/** A rule as a sentence of its parts. */
export function RuleRow(props: { rule: Rule; place: string; isReadOnly?: boolean; children?: ComponentChildren }) {
  const { name, who, agents, services, methods, reason } = props.rule
  return (
    <li class="panel rule" data-rule={props.place} tabIndex={-1}>
      <div class="rule-name">
        <b>{name}</b>
        {props.isReadOnly && <span class="tag">of the settings</span>}
        {reason !== undefined && <span class="quiet">{reason}</span>}
      </div>
      <dl class="rule-parts">
        <Patterns name="who" all={who} />
        <Patterns name="agents" all={agents} />
        <Patterns name="services" all={services} none="none: the agents are only seen" />
        <Patterns name="methods" all={methods} />
      </dl>
      {props.children}
    </li>
  )
}

function Patterns({ name, all, none }: { name: string; all: readonly string[] | undefined; none?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {all === undefined ? (
          <span class="quiet">all</span>
        ) : all.length === 0 ? (
          <span class="quiet">{none ?? 'none'}</span>
        ) : (
          all.map(each => (
            <code key={each} class="pattern">
              {each}
            </code>
          ))
        )}
      </dd>
    </div>
  )
}
