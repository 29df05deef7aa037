import org.codelibs.opensearch.runner.OpenSearchRunner;

/** One node of OpenSearch on loopback: the arguments are its folder and its port. It ends with its process. */
public final class OpenSearchForTests {
    public static void main(String[] arguments) throws InterruptedException {
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((number, settings) -> settings
                .put("discovery.type", "single-node")
                .put("network.host", "127.0.0.1")
                .put("http.port", arguments[1])
                .put("transport.port", "0")
                .put("action.auto_create_index", "false")
                .put("cluster.routing.allocation.disk.threshold_enabled", false));
        runner.build(OpenSearchRunner.newConfigs().basePath(arguments[0]).clusterName("evently-tests").numOfNode(1));
        Thread.currentThread().join();
    }
}
