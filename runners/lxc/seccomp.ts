import { type SeccompRule, seccompProfile } from '../oci/seccomp.ts';

function action({ action: name, errnoRet = 1 }: SeccompRule): string {
  return name === 'SCMP_ACT_ALLOW' ? 'allow' : `errno ${errnoRet}`;
}

/** `[INDEX,VALUE,OPERATOR]`; the masked comparison has the mask last, where an OCI config has it in place of the value. */
function condition({ index, value, valueTwo, op }: NonNullable<SeccompRule['args']>[number]): string {
  const words = op === 'SCMP_CMP_MASKED_EQ' ? [index, valueTwo ?? 0, op, value] : [index, value, op];
  return `[${words.join()}]`;
}

/** The filter of the other containers in version 2 of LXC's format, for every architecture that the host's kernel runs. */
export function seccompText({ defaultErrnoRet, syscalls } = seccompProfile()): string {
  const rules = syscalls.flatMap((rule) =>
    rule.names.map((name) => [name, action(rule), ...(rule.args ?? []).map(condition)].join(' ')),
  );
  return `${['2', `allowlist errno ${defaultErrnoRet}`, '[all]', ...rules].join('\n')}\n`;
}
