# One run for the Task Scheduler: what it says goes into a log file that rotates, what is
# new and needs a person goes into the event log too, and exit codes 4 and 5, which are no
# failures, become 0. See the manual's page on Windows.
param(
    [string]$Program = 'C:\Program Files\tracktik-sync\tracktik-sync.exe',
    [string]$Data = 'C:\ProgramData\tracktik-sync',
    [long]$LogBytes = 10MB,
    [int]$LogFiles = 5
)
# What a program says on stderr must not end this script.
$ErrorActionPreference = 'Continue'

$log = Join-Path $Data 'tracktik-sync.log'
if ((Test-Path $log) -and (Get-Item $log).Length -gt $LogBytes) {
    for ($n = $LogFiles - 1; $n -ge 1; $n--) {
        if (Test-Path "$log.$n") { Move-Item -Force "$log.$n" "$log.$($n + 1)" }
    }
    Move-Item -Force $log "$log.1"
}

# With -q the program says only what is new; without news it says nothing.
$said = & $Program --config (Join-Path $Data 'tracktik-sync.yaml') sync -q 2>&1 | ForEach-Object { "$_" }
$code = $LASTEXITCODE
$stamp = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
Add-Content -Encoding UTF8 -Path $log -Value (@($said) + "$stamp ended with exit code $code")

# The source is registered once, by an administrator. Without it the log file is enough.
if ($said -and [System.Diagnostics.EventLog]::SourceExists('tracktik-sync')) {
    $kind = switch ($code) { 0 { 'Information' } 4 { 'Warning' } 5 { 'Information' } default { 'Error' } }
    $text = $said -join "`r`n"
    if ($text.Length -gt 30000) { $text = $text.Substring(0, 30000) } # an event holds 31,839 characters
    Write-EventLog -LogName Application -Source 'tracktik-sync' -EventId (1000 + $code) -EntryType $kind -Message $text
}

if ($code -in 4, 5) { exit 0 }
exit $code
