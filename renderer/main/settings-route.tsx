import { RecoverySetting } from '../features/recovery/recovery-setting.tsx';
import { SettingsPage } from '../features/settings/settings-page.tsx';

/** Settings, with the recovery code in its place. */
export function SettingsRoute() {
  return <SettingsPage recovery={({ recovery }) => <RecoverySetting recovery={recovery} />} />;
}
