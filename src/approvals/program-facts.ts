import type { ProcessEvidence, ProcessFacts } from '../platform/process-identity.ts';
import type { CardFact } from './approvals.ts';
import { plainText } from './plain-text.ts';

/** What the card says about the program behind a request. Only a verified executable is drawn as known. */
export function programFacts(evidence: ProcessEvidence): readonly CardFact[] {
  const { process } = evidence;
  const facts: CardFact[] = [programFact(process)];
  if (process) facts.push({ label: 'Process', value: `pid ${process.pid}`, standing: 'known', mono: true });
  if (evidence.parents.length > 0) facts.push(parentsFact(evidence.parents));
  if (evidence.userName !== undefined || evidence.uid !== undefined) {
    facts.push({ label: 'User', value: plainText(evidence.userName ?? `uid ${evidence.uid}`, 60), standing: 'known' });
  }
  if (evidence.workingDirectory !== undefined) {
    facts.push({ label: 'Folder', value: plainText(evidence.workingDirectory, 200), standing: 'claim', mono: true });
  }
  if (evidence.commandLine !== undefined && evidence.commandLine.length > 0) {
    facts.push({ label: 'Command line', value: plainText(evidence.commandLine.join(' '), 300), standing: 'claim', mono: true });
  }
  facts.push(...doubtFacts(evidence));
  return facts;
}

/** True when the executable behind the request could be verified (security rule 20). */
export function isProgramVerified(evidence: ProcessEvidence): boolean {
  return evidence.state === 'known' && evidence.process?.executableVerified === true && evidence.otherHolders.length === 0;
}

/** The program in one short piece of text, for notifications. */
export function programName(evidence: ProcessEvidence): string {
  const executable = evidence.process?.executable;
  if (executable === undefined) return 'A program that could not be identified';
  return isProgramVerified(evidence) ? plainText(executable, 80) : `${plainText(executable, 60)} (not verifiable)`;
}

function programFact(process: ProcessFacts | undefined): CardFact {
  if (process?.executable === undefined) {
    return { label: 'Program', value: 'Not verifiable: the system does not say which program this is', standing: 'unverified' };
  }
  const executable = plainText(process.executable, 200);
  // security: rule 20, a path is shown as known only when it was verified
  if (process.executableVerified) return { label: 'Program', value: executable, standing: 'known', mono: true };
  return { label: 'Program', value: `${executable} (not verifiable)`, standing: 'unverified', mono: true };
}

function parentsFact(parents: readonly ProcessFacts[]): CardFact {
  const chain = parents.map(
    ({ executable, pid }) => `${executable === undefined ? 'unknown' : plainText(baseName(executable), 40)} (${pid})`,
  );
  const standing = parents.every((parent) => parent.executableVerified) ? 'known' : 'unverified';
  return { label: 'Started by', value: chain.join(' ← '), standing };
}

function doubtFacts(evidence: ProcessEvidence): readonly CardFact[] {
  const facts: CardFact[] = [];
  if (evidence.otherHolders.length > 0) {
    const others = evidence.otherHolders.map(({ executable, pid }) => `${plainText(executable ?? 'unknown', 60)} (${pid})`);
    facts.push({ label: 'Shares its connection with', value: others.join(', '), standing: 'unverified', mono: true });
  }
  if (evidence.confinement.length > 0) {
    facts.push({ label: 'Runs inside', value: plainText(evidence.confinement.join(', '), 120), standing: 'unverified' });
  }
  for (const remark of evidence.remarks)
    facts.push({ label: 'Not verified', value: plainText(remark, 160), standing: 'unverified' });
  return facts;
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1) || path;
}
