@echo off
rem Zebra's launcher for Windows: finds a JDK 25, builds on first use and with "zebra build", starts Java.
rem   JAVA_HOME        the JDK to use, if it is 25 or newer
rem   ZEBRA_JAVA_OPTS  further options for Java, such as -Xmx8g
rem Unlike the launcher for Linux and macOS it does not watch the sources: run "zebra build" after a change.
setlocal EnableExtensions DisableDelayedExpansion
set "ROOT=%~dp0"
set "RELEASE=%ROOT%cli\target\zebra"

set "JDK="
if defined JAVA_HOME call :try_jdk "%JAVA_HOME%"
if not defined JDK for /f "delims=" %%J in ('where java 2^>nul') do call :try_jdk "%%~dpJ.."
if not defined JDK for /d %%D in ("%ProgramFiles%\Eclipse Adoptium\jdk-*" "%ProgramFiles%\Java\jdk-*" "%ProgramFiles%\Microsoft\jdk-*" "%USERPROFILE%\.jdks\*") do call :try_jdk "%%~D"
if not defined JDK (
    echo zebra: no JDK 25 found. Install one: winget install EclipseAdoptium.Temurin.25.JDK 1>&2
    echo        or set JAVA_HOME to one that is elsewhere. 1>&2
    exit /b 1
)
set "JAVA_HOME=%JDK%"

if /i "%~1"=="test" goto test
if /i "%~1"=="build" goto build
if not exist "%RELEASE%\built" (
    echo zebra: Building Zebra ^(first use, about a minute^)... 1>&2
    call :quick_build || exit /b 1
)

rem In the environment, since a command line may have 8191 characters only.
for /f "usebackq delims=" %%C in ("%ROOT%cli\target\classpath.txt") do set "CLASSPATH=%RELEASE%\*;%%C"
if not defined OMP_WAIT_POLICY set "OMP_WAIT_POLICY=PASSIVE"
if not defined OPENBLAS_THREAD_TIMEOUT set "OPENBLAS_THREAD_TIMEOUT=4"
set "VECTOR=--add-modules=jdk.incubator.vector"
for %%V in ("" help version inspect report tokenizer --help -h --version -V) do if /i "%~1"=="%%~V" set "VECTOR="
"%JDK%\bin\java" --enable-native-access=ALL-UNNAMED %VECTOR% -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 %ZEBRA_JAVA_OPTS% org.zebralm.cli.Main %*
exit /b %ERRORLEVEL%

:build
call :quick_build
exit /b %ERRORLEVEL%

:test
call :find_maven || exit /b 1
pushd "%ROOT%"
call mvn -B verify
set "STATUS=%ERRORLEVEL%"
popd
exit /b %STATUS%

:quick_build
call :find_maven || exit /b 1
pushd "%ROOT%"
call mvn -B -q -ntp -Dmaven.test.skip=true package
set "STATUS=%ERRORLEVEL%"
popd
if not "%STATUS%"=="0" exit /b %STATUS%
if not exist "%RELEASE%" mkdir "%RELEASE%"
for %%M in (core data train eval bench cli) do copy /y "%ROOT%%%M\target\zebra-*.jar" "%RELEASE%" >nul || exit /b 1
type nul > "%RELEASE%\built"
exit /b 0

:find_maven
where mvn >nul 2>nul && exit /b 0
echo zebra: Maven is needed to build, and mvn is not on the PATH: see https://maven.apache.org/install.html 1>&2
exit /b 1

rem Sets JDK to the folder in %1 if that is a JDK 25 or newer and none is set yet.
:try_jdk
if defined JDK exit /b 0
if not exist "%~1\bin\javac.exe" exit /b 0
set "FOUND="
for /f "tokens=2 delims==." %%R in ('findstr /b JAVA_VERSION^= "%~1\release" 2^>nul') do set "FOUND=%%~R"
if not defined FOUND exit /b 0
set "FOUND=%FOUND:"=%"
if %FOUND% GEQ 25 set "JDK=%~f1"
exit /b 0
